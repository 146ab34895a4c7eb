from odoo import api, fields, models

# Of what the registry marks as invalid, nothing is shown, printed or found.
VALID = [("status", "!=", "invalid")]


class RegistrantMixin(models.AbstractModel):
    """Who a beneficiary is, where names are alike: by ID, and by household.

    Whoever may read the list reads the household's name, validators and finance officers too, who
    may not open the registry; the ID, only who may read the registry's IDs.
    """

    _name = "spp.settlement.registrant.mixin"
    _description = "Beneficiary of an Entitlement"

    registrant_code = fields.Char(
        "Registry ID",
        compute="_compute_registrant",
        search="_search_registrant_code",
        help="The beneficiary's IDs in the registry, for those who may read them.",
    )
    household_name = fields.Char(
        "Household",
        compute="_compute_registrant",
        help="The household of a person who is a beneficiary.",
    )

    @api.depends("partner_id")
    @api.depends_context("uid", "su")
    def _compute_registrant(self):
        shows_codes = self._may_read_codes()
        now = fields.Datetime.now()
        for record in self:
            partner = record.sudo().partner_id
            codes = partner.reg_ids.filtered_domain(VALID).mapped("value") if shows_codes else ()
            record.registrant_code = ", ".join(filter(None, codes))
            memberships = partner.individual_membership_ids.filtered(
                lambda each: not each.ended_date or each.ended_date > now
            )
            record.household_name = ", ".join(memberships.group.mapped("name"))

    @api.model
    def _search_registrant_code(self, operator, value):
        if not self._may_read_codes():
            return [(0, "=", 1)]
        return [("partner_id.reg_ids", "any", [("value", operator, value), *VALID])]

    @api.model
    def _may_read_codes(self):
        return self.env["ir.model.access"].check("g2p.reg.id", "read", False)

    def action_open_registrant_redemption(self):
        """Open what this beneficiary was granted and redeemed, over all cycles."""
        self.ensure_one()
        return self.partner_id.action_open_redemption()
