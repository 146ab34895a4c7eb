from . import test_access
from . import test_cycle_expiry
from . import test_end_cycle
from . import test_nightly_run
from . import test_redemption
from . import test_settlement
from . import test_tour
from . import test_views
