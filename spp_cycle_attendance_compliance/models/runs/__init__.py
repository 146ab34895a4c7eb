from . import attendance_run
from . import attendance_run_line
from . import attendance_run_asking
from . import attendance_run_decision
from . import attendance_run_application
from . import cycle
from . import cycle_jobs
