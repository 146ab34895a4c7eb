from . import create_event_wizard
