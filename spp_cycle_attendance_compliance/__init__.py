from . import controllers
from . import models
from . import report
from . import wizards
from .models.sources.secrets import drop_table


def forget_secrets(env):
    """Drop the table that no model stands for."""
    drop_table(env.cr)
