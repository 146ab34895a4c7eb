from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PGroupKind(models.Model):
    _name = "g2p.group.kind"
    _description = "Group Kind"
    _order = "id desc"

    name = fields.Char("Kind")

    @api.constrains("name")
    def _check_name(self):
        if not all(self.mapped("name")):
            raise ValidationError(_("A group kind needs a name."))
        # As on the platform, several cannot be created in one call.
        self.ensure_one()
        others = self.search([("id", "!=", self.id)])
        if self.name.lower() in [other.name.lower() for other in others]:
            raise ValidationError(_("There is a group kind of this name already."))
