from . import connect_attendance
from . import connect_attendance_step
from . import connect_attendance_difference
from . import attendance_run_reason
from . import create_event_wizard
from . import create_event_attendance
