from . import attendance_letter
from . import verdict_list
