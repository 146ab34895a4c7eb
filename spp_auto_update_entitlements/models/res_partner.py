from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    redemption_ids = fields.One2many(
        "spp.registrant.redemption",
        "partner_id",
        groups="spp_auto_update_entitlements.group_settlement_reader",
    )

    def get_formview_id(self, access_uid=None):
        """Open the page of a registrant, not of a contact, for those who may read it."""
        readable = self.env["ir.model.access"].check("g2p.reg.id", "read", raise_exception=False)
        if len(self) != 1 or not self.is_registrant or not readable:
            return super().get_formview_id(access_uid=access_uid)
        name = "group.view_groups_form" if self.is_group else "individual.view_individuals_form"
        return self.env.ref(f"g2p_registry_{name}").id

    def action_open_redemption(self):
        """Open what was granted to this registrant and redeemed, over all cycles."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "spp.registrant.redemption",
            "view_mode": "list,kanban",
            "domain": [("partner_id", "=", self.id)],
            "context": {"create": False},
        }
