from . import g2p_id_type
from . import g2p_reg_id
from . import g2p_registrant_tags
from . import res_partner
