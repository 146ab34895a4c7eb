from odoo import models


class Unknown(models.AbstractModel):
    """What Odoo 17 puts in the place of a model that no installed module brings.

    The fields for service points lead there: the platform is installed without their module.
    """

    _name = "_unknown"
    _description = "Unknown"
