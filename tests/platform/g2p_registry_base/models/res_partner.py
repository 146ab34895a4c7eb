from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError


class ResPartner(models.Model):
    _inherit = "res.partner"

    address = fields.Text()
    disabled = fields.Datetime("Date Disabled")
    disabled_reason = fields.Text("Reason for Disabling")
    disabled_by = fields.Many2one("res.users")
    reg_ids = fields.One2many("g2p.reg.id", "partner_id", "Registrant IDs")
    is_registrant = fields.Boolean()
    is_group = fields.Boolean()
    name = fields.Char(index=True)
    # Required here, unlike in Odoo: there are no partners that all companies share.
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    registration_date = fields.Date(default=lambda self: fields.Date.today())
    tags_ids = fields.Many2many("g2p.registrant.tags", string="Registrant Tags")

    @api.constrains("registration_date")
    def _check_registration_date(self):
        today = fields.Date.today()
        for partner in self:
            registered = partner.registration_date
            if registered and registered > today:
                raise ValidationError(_("The registration date cannot be in the future."))
            # The date of birth comes with the individuals' module.
            born = "birthdate" in partner and partner.birthdate
            if registered and born and registered < born:
                raise ValidationError(_("The registration date cannot be before the birth."))

    def enable_registrant(self):
        self.filtered("disabled").write(
            {"disabled": False, "disabled_by": False, "disabled_reason": False}
        )

    def unlink(self):
        res = super().unlink()
        # Registrars get the right to delete contacts from Odoo's own groups: taken back here.
        user = self.env.user
        if user.has_group("g2p_registry_base.group_g2p_registrar") and not (
            user.has_group("g2p_registry_base.group_g2p_admin") or user._is_admin()
        ):
            raise UserError(_("Registrars cannot delete contacts."))
        return res

    def _check_company_domain(self, companies):
        # The partner of a new company belongs to the company that it was created from.
        domain = list(super()._check_company_domain(companies))
        return ["|", ("company_id", "=", self.env.company.id), *domain]
