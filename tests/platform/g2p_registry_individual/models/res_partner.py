from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    _inherit = "res.partner"

    family_name = fields.Char(translate=False)
    given_name = fields.Char(translate=False)
    addl_name = fields.Char("Additional Name", translate=False)
    birth_place = fields.Char()
    birthdate_not_exact = fields.Boolean("Approximate Birthdate")
    birthdate = fields.Date("Date of Birth")
    age = fields.Char(compute="_compute_calc_age", size=50)
    gender = fields.Selection(selection="_get_dynamic_selection")

    @api.model
    def _get_dynamic_selection(self):
        # No gender type is installed: without one, no value can be written.
        return [(kind.value, kind.code) for kind in self.env["gender.type"].search([])]

    @api.onchange("is_group", "family_name", "given_name", "addl_name")
    def name_change(self):
        if self.is_group:
            return
        given = " ".join(filter(None, (self.given_name, self.addl_name)))
        family = self.family_name or ""
        self.name = (", ".join(filter(None, (family, given)))).upper()

    @api.depends("birthdate")
    def _compute_calc_age(self):
        today = fields.Date.today()
        for partner in self:
            born = partner.birthdate
            partner.age = str(relativedelta(today, born).years) if born else "No Birthdate!"

    @api.onchange("birthdate")
    def _birthdate_onchange(self):
        if self.birthdate and self.birthdate > fields.Date.today():
            raise ValidationError(_("The date of birth cannot be in the future."))
