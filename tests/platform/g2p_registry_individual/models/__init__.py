from . import gender_type
from . import res_partner
