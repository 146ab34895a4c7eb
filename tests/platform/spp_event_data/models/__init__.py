from . import res_partner
from . import spp_event_data
