from . import attendance_criteria_mixin
from . import attendance_condition
from . import attendance_question
from . import cycle
from . import attendance_waiver
from . import program
