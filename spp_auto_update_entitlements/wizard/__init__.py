from . import settlement_clearing
