from . import g2p_group_membership
from . import g2p_group_membership_kind
from . import res_partner
