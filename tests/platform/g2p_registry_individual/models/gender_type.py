from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class GenderType(models.Model):
    _name = "gender.type"
    _description = "Gender Type"
    _rec_name = "code"

    code = fields.Char()
    value = fields.Char()
    active = fields.Boolean(default=True)

    @api.constrains("code")
    def _check_name(self):
        if not all(self.mapped("code")):
            raise ValidationError(_("A gender type needs a code."))
        # As on the platform, several cannot be created in one call.
        self.ensure_one()
        others = self.search([("id", "!=", self.id)])
        if self.code.lower() in [other.code.lower() for other in others]:
            raise ValidationError(_("There is a gender type of this code already."))
