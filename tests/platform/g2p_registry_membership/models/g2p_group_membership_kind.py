from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PGroupMembershipKind(models.Model):
    _name = "g2p.group.membership.kind"
    _description = "Group Membership Kind"
    _order = "id desc"

    name = fields.Char("Kind")
    is_unique = fields.Boolean("Unique")

    @api.constrains("name")
    def _check_name(self):
        if not all(self.mapped("name")):
            raise ValidationError(_("A membership kind needs a name."))
        # As on the platform, several cannot be created in one call.
        self.ensure_one()
        others = self.search([("id", "!=", self.id)])
        if self.name.lower() in [other.name.lower() for other in others]:
            raise ValidationError(_("There is a membership kind of this name already."))

    def write(self, vals):
        self._check_not_default()
        return super().write(vals)

    def unlink(self):
        self._check_not_default()
        return super().unlink()

    def _check_not_default(self):
        if self.env.ref("g2p_registry_membership.group_membership_kind_head", False) in self:
            raise ValidationError(_("The kinds that come installed cannot be changed."))
