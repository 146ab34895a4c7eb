from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PIDType(models.Model):
    _name = "g2p.id.type"
    _description = "ID Type"
    _order = "name ASC"

    name = fields.Char()
    id_validation = fields.Char()

    @api.constrains("name")
    def _check_name(self):
        if not all(self.mapped("name")):
            raise ValidationError(_("An ID type needs a name."))
        # As on the platform, several ID types cannot be created in one call.
        self.ensure_one()
        others = self.search([("id", "!=", self.id)])
        if self.name.lower() in [other.name.lower() for other in others]:
            raise ValidationError(_("There is an ID type of this name already."))
