from . import guard_mixin
from . import sources
from . import events
from . import criteria
from . import intakes
from . import runs
from . import memberships
from . import overview
