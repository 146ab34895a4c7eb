from . import unknown
from . import g2p_cycle
from . import g2p_entitlement
from . import g2p_entitlement_inkind
from . import g2p_id_type
from . import g2p_program
from . import res_partner
from . import managers
