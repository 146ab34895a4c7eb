from . import create_event_wizard
from . import kinds_of_events
