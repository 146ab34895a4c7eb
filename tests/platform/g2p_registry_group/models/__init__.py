from . import g2p_group_kind
from . import res_partner
