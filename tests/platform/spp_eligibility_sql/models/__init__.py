from . import eligibility_manager
from . import sql_eligibility_manager
