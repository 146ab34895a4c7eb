from . import event_data
from . import event_attendance
from . import event_attendance_by_hand
from . import event_attendance_change
from . import event_attendance_verdicts
from . import res_partner
from . import partner_merge
