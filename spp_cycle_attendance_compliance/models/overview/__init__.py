from . import attendance_count
from . import attendance_count_question
from . import attendance_run
from . import attendance_run_line
from . import cycle_membership
