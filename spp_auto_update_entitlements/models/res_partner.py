from collections import defaultdict

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.g2p_programs.models.constants import (
    STATE_APPROVED,
    STATE_CANCELLED,
    STATE_DISTRIBUTED,
    STATE_ENDED,
)

from .settlement_mixin import READER

# The platform grants to who is enrolled; a draft may still be, until its cycle is over.
GETTING_STATE, UNDECIDED_STATE = "enrolled", "draft"
# The states of cycles whose entitlements are prepared.
PREPARED_STATES = (STATE_APPROVED, STATE_DISTRIBUTED, STATE_ENDED)
# The states of entitlements that grant nothing.
VOID_STATES = ("cancelled", "rejected1", "rejected2", "rejected3")


class ResPartner(models.Model):
    _inherit = "res.partner"

    redemption_ids = fields.One2many(
        "spp.registrant.redemption",
        "partner_id",
        groups=READER,
    )
    cycles_without_entitlement = fields.Text(
        "Nothing Granted",
        compute="_compute_cycles_without_entitlement",
        groups=READER,
        help="The cycles in which nothing is granted, because of the state of the membership, or "
        "since no entitlement was prepared.",
    )

    @api.depends_context("lang", "uid", "su", "allowed_company_ids")
    def _compute_cycles_without_entitlement(self):
        states = self.env["g2p.cycle.membership"]._fields["state"]
        labels = dict(states._description_selection(self.env))
        sentences = defaultdict(list)
        for partner_id, program, cycle, state in self._find_cycles_without_entitlement():
            names = {"program": program, "cycle": cycle, "state": labels.get(state, state)}
            sentences[partner_id].append(
                _(
                    "%(program)s, %(cycle)s: the membership is “%(state)s”, but no entitlement "
                    "was prepared.",
                    **names,
                )
                if state == GETTING_STATE
                else _(
                    "%(program)s, %(cycle)s: nothing is granted, since the membership is "
                    "“%(state)s”.",
                    **names,
                )
            )
        for partner in self:
            partner.cycles_without_entitlement = "\n".join(sentences[partner._origin.id])

    def _find_cycles_without_entitlement(self):
        """Return the newest cycles first.

        :return: tuples of the id of the partner, the names of the program and of the cycle, and
            the state of the membership
        """
        # An export does not look at the groups of a field that is computed.
        if not self._origin or not (self.env.su or self.env.user.has_group(READER)):
            return []
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT membership.partner_id, program.name, cycle.name, membership.state
                FROM g2p_cycle_membership AS membership
                JOIN g2p_cycle AS cycle ON cycle.id = membership.cycle_id
                JOIN g2p_program AS program ON program.id = cycle.program_id
                WHERE membership.partner_id = ANY(%(partners)s)
                    AND cycle.state != %(cancelled)s
                    AND (
                        membership.state NOT IN (%(getting)s, %(undecided)s)
                        OR membership.state = %(getting)s AND cycle.state IN %(prepared)s
                        OR membership.state = %(undecided)s
                            AND (cycle.state = %(ended)s OR cycle.end_date < %(today)s)
                    )
                    AND (
                        %(su)s OR coalesce(cycle.company_id, program.company_id) IS NULL
                        OR coalesce(cycle.company_id, program.company_id) = ANY(%(companies)s)
                    )
                    AND NOT EXISTS (
                        SELECT FROM g2p_entitlement AS entitlement
                        WHERE entitlement.cycle_id = cycle.id
                            AND entitlement.partner_id = membership.partner_id
                            AND (
                                entitlement.state NOT IN %(void)s
                                OR membership.state = %(getting)s
                            )
                    )
                    AND NOT EXISTS (
                        SELECT FROM g2p_entitlement_inkind AS entitlement
                        WHERE entitlement.cycle_id = cycle.id
                            AND entitlement.partner_id = membership.partner_id
                            AND (
                                entitlement.state NOT IN %(void)s
                                OR membership.state = %(getting)s
                            )
                    )
                ORDER BY cycle.end_date DESC, cycle.id DESC
                """,
                partners=self._origin.ids,
                getting=GETTING_STATE,
                undecided=UNDECIDED_STATE,
                # One that was prepared is in the list, with its state.
                void=VOID_STATES,
                prepared=PREPARED_STATES,
                cancelled=STATE_CANCELLED,
                ended=STATE_ENDED,
                today=self.env.company._get_settlement_today(),
                su=self.env.su,
                companies=self.env.companies.ids,
            )
        )
        return self.env.cr.fetchall()

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
