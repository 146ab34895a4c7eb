import re

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PRegistrantID(models.Model):
    _name = "g2p.reg.id"
    _description = "Registrant ID"
    _order = "id desc"
    _rec_names_search = ["partner_id"]

    partner_id = fields.Many2one(
        "res.partner", "Registrant", required=True, domain=[("is_registrant", "=", True)]
    )
    id_type = fields.Many2one("g2p.id.type", "ID Type", required=True)
    id_type_as_str = fields.Char("ID Type Name", related="id_type.name")
    value = fields.Char(size=100)
    expiry_date = fields.Date()
    status = fields.Selection([("invalid", "Invalid"), ("valid", "Valid")])
    description = fields.Char()

    @api.depends("partner_id")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.partner_id.name or ""

    @api.constrains("value")
    @api.onchange("value")
    def _onchange_id_validation(self):
        for record in self:
            if not record.value:
                # Ends the check for all that follow, as on the platform.
                return
            pattern = record.id_type.id_validation
            if pattern and not re.match(pattern, record.value):
                raise ValidationError(
                    _(
                        "%(value)s is no valid %(type)s.",
                        value=record.value,
                        type=record.id_type.name,
                    )
                )

    @api.constrains("partner_id", "id_type")
    def _check_unique_id_type(self):
        for record in self:
            same = [
                ("partner_id", "=", record.partner_id.id),
                ("id_type", "=", record.id_type.id),
            ]
            if self.search_count(same) > 1:
                raise ValidationError(_("A registrant has one ID of a type."))
