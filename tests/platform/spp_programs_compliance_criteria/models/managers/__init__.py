from . import default_cycle_manager
from . import default_entitlement_manager
from . import spp_compliance_manager
