from odoo import api, fields, models
from odoo.tools import format_date

from ..intakes.identifiers import IDENTIFIERS_GROUP, KNOWING_GROUPS

# In the context of a field by which people choose a registrant, or compare registrants.
NAMES_REGISTRANTS = "attendance_person"


class ResPartner(models.Model):
    """Registrants of one name are told apart where they are chosen, and open on their own page."""

    _inherit = "res.partner"

    @property
    def _rec_names_search(self):
        """Find registrants by their IDs, too: for who may read those."""
        names = super()._rec_names_search
        if not self._names_registrants() or not self.env.user.has_group(IDENTIFIERS_GROUP):
            return names
        return [*names, "reg_ids.value"]

    @api.depends_context("uid", NAMES_REGISTRANTS)
    def _compute_display_name(self):
        """Add ID, birth date and household to the name, if the context asks for it.

        Odoo looks at names as the superuser, so what is added goes by the groups of the user: IDs
        are for who may read the registry's, the others for who reads verdicts, too.
        """
        super()._compute_display_name()
        if not self._names_registrants() or not any(map(self.env.user.has_group, KNOWING_GROUPS)):
            return
        shows_ids = self.env.user.has_group(IDENTIFIERS_GROUP)
        now = fields.Datetime.now()
        for partner in self:
            known = partner.sudo()._origin
            if not known.is_registrant:
                continue
            ids = known.reg_ids.filtered(lambda each: each.status != "invalid")
            households = known.individual_membership_ids.filtered(
                lambda each: not each.ended_date or each.ended_date > now
            ).group
            told = (
                partner.display_name,
                *(sorted(filter(None, ids.mapped("value"))) if shows_ids else ()),
                known.birthdate and format_date(self.env, known.birthdate),
                *households.mapped("name"),
            )
            partner.display_name = " · ".join(filter(None, told))

    @api.model
    def _names_registrants(self):
        return bool(self.env.context.get(NAMES_REGISTRANTS))

    def get_formview_id(self, access_uid=None):
        """Open a registrant on the registry's page, wherever the link to her is."""
        if not self.is_registrant:
            return super().get_formview_id(access_uid=access_uid)
        if self.is_group:
            return self.env.ref("g2p_registry_group.view_groups_form").id
        return self.env.ref("g2p_registry_individual.view_individuals_form").id

    def get_formview_action(self, access_uid=None):
        """Show the names on that page as everywhere else."""
        action = super().get_formview_action(access_uid=access_uid)
        context = {**(action.get("context") or {})}
        context.pop(NAMES_REGISTRANTS, None)
        return {**action, "context": context}
