from . import redemption_report
