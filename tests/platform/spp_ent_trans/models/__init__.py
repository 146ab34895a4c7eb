from . import spp_entitlement_transactions
from . import spp_inkind_entitlement_transactions
