from . import area
from . import area_kind
from . import res_partner
