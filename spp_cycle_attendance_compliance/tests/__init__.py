from . import test_verdicts
