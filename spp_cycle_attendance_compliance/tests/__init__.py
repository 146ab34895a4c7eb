from . import test_access
from . import test_connect
from . import test_criteria
from . import test_events
from . import test_jobs
from . import test_run
from . import test_tour
from . import test_verdicts
