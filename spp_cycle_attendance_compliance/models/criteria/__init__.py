from . import attendance_criteria_mixin
from . import cycle
