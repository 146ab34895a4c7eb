from . import res_partner
from . import spp_event_data
from . import event_form
from . import event_mixin
from . import ir_model
