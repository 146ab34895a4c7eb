from . import attendance_settings
from . import ir_config_parameter
from . import attendance_category_mixin
from . import attendance_type
from . import attendance_location
from . import res_config_settings
