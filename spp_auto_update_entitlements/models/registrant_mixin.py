from odoo import api, fields, models


class RegistrantMixin(models.AbstractModel):
    """Who a beneficiary is, where names are alike: by ID, and by household.

    Of those who are listed, whoever may read the list reads it: validators and finance officers
    may not open the registry.
    """

    _name = "spp.settlement.registrant.mixin"
    _description = "Beneficiary of an Entitlement"

    registrant_code = fields.Char(
        "Beneficiary ID",
        compute="_compute_registrant",
        compute_sudo=True,
        search="_search_registrant_code",
        help="The beneficiary's IDs in the registry.",
    )
    household_name = fields.Char(
        "Household",
        compute="_compute_registrant",
        compute_sudo=True,
        help="The household of a person who is a beneficiary.",
    )

    @api.depends("partner_id")
    def _compute_registrant(self):
        for record in self:
            partner = record.partner_id
            codes = [code for code in partner.reg_ids.mapped("value") if code]
            record.registrant_code = ", ".join(codes)
            memberships = partner.individual_membership_ids.filtered(lambda each: not each.is_ended)
            record.household_name = ", ".join(memberships.group.mapped("name"))

    def action_open_registrant_redemption(self):
        """Open what this beneficiary was granted and redeemed, over all cycles."""
        self.ensure_one()
        return self.partner_id.action_open_redemption()

    @api.model
    def _search_registrant_code(self, operator, value):
        found = self.env["g2p.reg.id"].sudo().search([("value", operator, value)])
        return [("partner_id", "in", found.partner_id.ids)]
