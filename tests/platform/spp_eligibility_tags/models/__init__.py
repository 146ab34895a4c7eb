from . import eligibility_manager
from . import tags_eligibility_manager
