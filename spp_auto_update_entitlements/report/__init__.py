from . import redemption_report
from . import settlement_preview
from . import settlement_overview
