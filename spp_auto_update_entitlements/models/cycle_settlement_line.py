from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.g2p_programs.models.constants import STATE_ENDED

from ..redemption import EXCEPTIONS, GRANTED_STATES, OUTCOMES, PROBLEMS
from .cycle import MAY_SETTLE_GROUPS
from .cycle_end import STATES_TO_END
from .settlement_mixin import READER_VIEW

ENTITLEMENT_FIELDS = {"cash": "entitlement_id", "inkind": "inkind_entitlement_id"}


class CycleSettlementLine(models.Model):
    """An entitlement that a settlement lists: an exception, or a correction of an earlier one."""

    _name = "spp.cycle.settlement.line"
    _inherit = [
        "spp.settlement.guard.mixin",
        "spp.settlement.amounts.mixin",
        "spp.settlement.registrant.mixin",
    ]
    _description = "Cycle Settlement Line"
    _order = "settlement_id desc, is_exception desc, id"
    _rec_name = "code"

    settlement_id = fields.Many2one(
        "spp.cycle.settlement", required=True, ondelete="cascade", index=True
    )
    cycle_id = fields.Many2one(related="settlement_id.cycle_id", store=True, index=True)
    program_id = fields.Many2one(related="settlement_id.program_id", store=True)
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    entitlement_id = fields.Many2one("g2p.entitlement", index="btree_not_null")
    inkind_entitlement_id = fields.Many2one(
        "g2p.entitlement.inkind", "In-kind Entitlement", index="btree_not_null"
    )
    partner_id = fields.Many2one("res.partner", "Beneficiary")
    code = fields.Char("Entitlement Code")
    outcome = fields.Selection(OUTCOMES, required=True)
    is_exception = fields.Boolean("Exception")
    is_twin = fields.Boolean("Probable Twins")
    is_outside = fields.Boolean("Outside of Its Time")
    problem = fields.Selection(PROBLEMS)
    state_before = fields.Selection("_selection_state")
    state_given = fields.Selection("_selection_state")
    state_after = fields.Selection("_selection_state")
    previous_settlement_id = fields.Many2one("spp.cycle.settlement", "Settled Before In")
    listed_for = fields.Char(compute="_compute_explanation")
    explanation = fields.Char(compute="_compute_explanation")
    status = fields.Selection(
        [
            ("open", "To look at"),
            ("cleared", "Cleared"),
            ("superseded", "Settled again since"),
        ],
        index="btree_not_null",
        help="Whether a person still has to look at this exception.",
    )
    fingerprint = fields.Char(
        help="The facts. What a person cleared stays cleared as long as these are the same."
    )
    cleared_by_id = fields.Many2one("res.users")
    cleared_datetime = fields.Datetime("Cleared On")
    remark = fields.Text()

    @api.model
    def _selection_state(self):
        return self.env["g2p.entitlement"]._selection_state()

    # Listed by a settlement

    @api.model
    def _list(self, settlement, kind, listed):
        """List what a batch of a settlement found.

        :param listed: pairs of `Case` and a list of entitlement ids, of entitlements of one kind
        """
        field = ENTITLEMENT_FIELDS[kind]
        settled_before = [id_ for case, ids in listed if case.settlement_before_id for id_ in ids]
        self.search([(field, "in", settled_before), ("status", "=", "open")]).write(
            {"status": "superseded"}
        )
        return self.create(self._prepare_vals_list(settlement, kind, listed))

    @api.model
    def _prepare_vals_list(self, settlement, kind, listed):
        field = ENTITLEMENT_FIELDS[kind]
        entitlements = self.env[self._fields[field].comodel_name].browse(
            id_ for _case, ids in listed for id_ in ids
        )
        entitlements.fetch(["partner_id", "code"])
        clearings = self._get_clearings(field, listed)
        vals_list = []
        for case, ids in listed:
            vals = self._prepare_vals(settlement, case)
            for entitlement in entitlements.browse(ids):
                vals_list.append(
                    {
                        **vals,
                        **clearings.get((entitlement.id, case.fingerprint), {}),
                        field: entitlement.id,
                        "partner_id": entitlement.partner_id.id,
                        "code": entitlement.code,
                    }
                )
        return vals_list

    @api.model
    def _prepare_vals(self, settlement, case):
        redemption = case.redemption
        return {
            "settlement_id": settlement.id,
            "outcome": case.decision.outcome,
            "is_exception": case.is_exception,
            "is_twin": case.is_twin,
            "is_outside": case.is_outside,
            "problem": redemption.problem,
            "state_before": case.state_before,
            "state_given": case.state_given,
            "state_after": case.decision.state,
            "allocated": float(redemption.allocated),
            "redeemed": float(redemption.redeemed),
            "balance": float(redemption.balance),
            "currency_id": redemption.currency_id,
            "uom_id": redemption.uom_id,
            "previous_settlement_id": case.settlement_before_id,
            "status": "open" if case.is_exception else False,
            "fingerprint": case.fingerprint,
        }

    @api.model
    def _get_clearings(self, field, listed):
        """Return what people have cleared before, of the exceptions in ``listed``.

        :return: a dict from (entitlement id, fingerprint) to values of a line
        """
        ids = [
            id_
            for case, ids in listed
            if case.is_exception and case.settlement_before_id
            for id_ in ids
        ]
        lines = self.search([(field, "in", ids), ("status", "=", "cleared")], order="id")
        return {
            (line[field].id, line.fingerprint): {
                "status": "cleared",
                "cleared_by_id": line.cleared_by_id.id,
                "cleared_datetime": line.cleared_datetime,
                "remark": line.remark,
            }
            for line in lines
        }

    # Cleared by a person

    def _clear(self, remark):
        """Clear these lines: a person has looked at them, and says why nothing is left to do.

        :raise AccessError: if the user may not settle
        :raise UserError: if one of them is not open any more
        """
        if not any(map(self.env.user.has_group, MAY_SETTLE_GROUPS)):
            raise AccessError(_("Only program managers may clear what a settlement lists."))
        if self - self.search([("id", "in", self.ids)]):
            raise AccessError(_("One of these lines belongs to another company."))
        if any(line.status != "open" for line in self):
            raise UserError(
                _("One of these lines is not open any more. Reload the page and look again.")
            )
        self.sudo()._as_writer().write(
            {
                "status": "cleared",
                "cleared_by_id": self.env.uid,
                "cleared_datetime": fields.Datetime.now(),
                "remark": remark,
            }
        )
        self.sudo().cycle_id._remind_of_open_lines()

    def _let_transactions_decide(self, remark):
        """Take the state back that something else set, and let the transactions decide.

        From now on "approved" counts as the state given. The entitlement is settled at once.
        """
        self.ensure_one()
        entitlement = (self.sudo().entitlement_id or self.sudo().inkind_entitlement_id)._as_writer()
        cycle = self.cycle_id
        if (
            self.outcome != "contradicted"
            or not entitlement.is_settled
            or entitlement.settlement_id != self.settlement_id
            or cycle.state not in (*STATES_TO_END, STATE_ENDED)
        ):
            raise UserError(
                _("Something about this entitlement has changed since. Reload the page.")
            )
        self._clear(remark)
        entitlement.write({"is_settled": False, "state_before_settlement": GRANTED_STATES[0]})
        if not cycle._settle_if_small():
            cycle._start_cron()

    def action_clear(self):
        """Ask for a remark, then clear these lines."""
        return self._ask_for_remark(_("Clear"))

    def action_let_transactions_decide(self):
        """Ask for a remark, then let the transactions of this line's entitlement decide."""
        self.ensure_one()
        return self._ask_for_remark(_("Let the Transactions Decide"), transactions_decide=True)

    def _ask_for_remark(self, title, transactions_decide=False):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "spp.settlement.clearing",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_line_ids": [(6, 0, self.ids)],
                "default_transactions_decide": transactions_decide,
            },
        }

    # What people read

    @api.depends("outcome", "problem", "is_exception", "is_twin", "is_outside")
    @api.depends_context("lang")
    def _compute_explanation(self):
        sentences = self._get_explanations()
        problems = dict(self._fields["problem"]._description_selection(self.env))
        outcomes = dict(self._fields["outcome"]._description_selection(self.env))
        for line in self:
            is_all_voided = line.outcome == "partial" and not line.redeemed
            parts = [
                line.problem and problems[line.problem],
                sentences.get("partial_voided" if is_all_voided else line.outcome),
                line.is_twin and sentences["twin"],
                line.is_outside and sentences["outside"],
            ]
            line.explanation = " ".join(part for part in parts if part) or sentences["corrected"]
            outcome = outcomes.get(line.outcome)
            reasons = [
                line.is_twin and self._fields["is_twin"]._description_string(self.env),
                line.is_outside and self._fields["is_outside"]._description_string(self.env),
            ]
            if line.outcome in EXCEPTIONS or not any(reasons):
                reasons.insert(0, outcome)
            line.listed_for = ", ".join(reason for reason in reasons if reason)

    @api.model
    def _get_explanations(self):
        """Return what each thing that a line is listed for means, and what a person can do."""
        return {
            "over": _(
                "More was redeemed than was granted. It counts as redeemed; "
                "check the transactions with the service point."
            ),
            "closed_with_transactions": _(
                "Something was redeemed though the entitlement was not payable in this state. "
                "The state was left as it is; check the transactions."
            ),
            "contradicted": _(
                "Something other than a settlement marked it as redeemed, and the transactions "
                "say otherwise. It stays redeemed, so that nobody is paid twice: check whether it "
                "was paid in another way, or let the transactions decide."
            ),
            "partial_voided": _(
                "Something other than a settlement marked it as partially redeemed, but all of "
                "its transactions are voided. Check whether it was paid in another way."
            ),
            "over_voided": _(
                "More was voided than was ever bought. The state was left as it is; "
                "a purchase is missing, or a void is wrong."
            ),
            "unreadable": _(
                "Only the others count. Once it can be read, the next nightly run settles this "
                "entitlement again."
            ),
            "twin": _(
                "Two of its transactions are alike: the same amount at the same service point, "
                "with one receipt or in the same minute. Both count; check whether one was sent "
                "twice."
            ),
            "outside": _(
                "Something was bought before the entitlement was valid, or after. It counts; "
                "check it with the service point."
            ),
            "voided": _("Everything that was bought has been voided since."),
            "corrected": _("Something about it changed after an earlier settlement."),
        }

    def _get_state_label(self):
        """Return the state that the settlement gave, as the user reads it."""
        return dict(self._fields["state_after"]._description_selection(self.env)).get(
            self.state_after, ""
        )

    def action_open_entitlement(self):
        """Open the entitlement of this line."""
        self.ensure_one()
        entitlement = self.entitlement_id or self.inkind_entitlement_id
        return entitlement.with_context(**READER_VIEW).get_formview_action()
