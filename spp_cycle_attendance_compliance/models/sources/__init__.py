from . import attendance_source
from . import attendance_source_proof
from . import attendance_category_mixin
from . import attendance_type
from . import attendance_location
from . import res_company
from . import res_config_settings
