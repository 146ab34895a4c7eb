from . import attendance_history
from . import attendance_override
from . import cycle_membership
from . import attendance_cycles
from . import group_membership
from . import prepared_entitlements
from . import cycle_group_membership_attendance
from . import attendance_letter
