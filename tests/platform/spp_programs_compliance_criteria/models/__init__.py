from . import managers
from . import g2p_cycle
from . import g2p_cycle_membership
from . import g2p_program
from . import res_config_settings
