from decimal import Decimal

from odoo import _, api, fields, models
from odoo.tools import formatLang
from odoo.tools.sql import create_index

from ..unchecked_many2one import UncheckedMany2one

DELETED, CANCELLED = "deleted", "cancelled"


class AttendanceWithheldEntitlement(models.Model):
    """An entitlement that was prepared for somebody whom attendance then refused: what it was.

    A draft was deleted, and is to be read of here only. What was pending was cancelled, and may be
    pending again.
    """

    _name = "spp.attendance.withheld.entitlement"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Entitlement that Attendance Withheld"
    _order = "id"
    _rec_name = "code"

    run_id = UncheckedMany2one("spp.attendance.run", index="btree_not_null")
    override_id = UncheckedMany2one("spp.attendance.override", index="btree_not_null")
    company_id = fields.Many2one("res.company")
    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="restrict")
    partner_id = fields.Many2one(
        "res.partner", "Registrant", required=True, ondelete="restrict", index=True
    )
    kind = fields.Selection(
        [("g2p.entitlement", "Cash"), ("g2p.entitlement.inkind", "In kind")], required=True
    )
    entitlement_id = fields.Integer("ID of the Entitlement", required=True, index=True)
    code = fields.Char()
    product_id = UncheckedMany2one("product.product", "Product Record")
    product = fields.Char(help="As it was called then.")
    amount = fields.Float(digits=0)
    unit = fields.Char(help="The currency, or the unit of measure.")
    quantity = fields.Char(compute="_compute_quantity")
    action = fields.Selection(
        [(DELETED, "Deleted, as a draft"), (CANCELLED, "Cancelled, while pending")],
        "What Was Done",
        required=True,
    )

    def init(self):
        result = super().init()
        # Every form of a cycle counts the deleted ones.
        create_index(
            self.env.cr,
            "spp_attendance_withheld_entitlement_deleted_index",
            self._table,
            ["cycle_id"],
            where="action = 'deleted'",
        )
        return result

    @api.depends("amount", "unit")
    @api.depends_context("lang")
    def _compute_quantity(self):
        for withheld in self:
            # As many digits as it has: a field would cut them, or show some more.
            exponent = Decimal(repr(withheld.amount)).normalize().as_tuple().exponent
            amount = formatLang(self.env, withheld.amount, digits=max(0, -exponent))
            withheld.quantity = f"{amount} {withheld.unit or ''}".strip()

    @api.model
    def _keep(self, entitlements, decision):
        """Keep what entitlements are, before they are deleted or cancelled.

        :param decision: the run or the override that does it
        """
        because = {"spp.attendance.run": "run_id", "spp.attendance.override": "override_id"}
        vals = {because[decision._name]: decision.id, "company_id": decision.company_id.id}
        self._as_attendance_writer().create(
            [{**vals, **entitlement._prepare_withheld_vals()} for entitlement in entitlements]
        )


class AttendanceRun(models.Model):
    """The prepared entitlements of whom a run refused."""

    _inherit = "spp.attendance.run"

    withheld_count = fields.Integer(compute="_compute_withheld_counts")
    deleted_entitlement_count = fields.Integer(
        "Draft Entitlements Deleted", compute="_compute_withheld_counts"
    )
    cancelled_entitlement_count = fields.Integer(
        "Pending Entitlements Cancelled", compute="_compute_withheld_counts"
    )

    def _compute_withheld_counts(self):
        counts = {
            (run, action): count
            for run, action, count in self.env["spp.attendance.withheld.entitlement"]._read_group(
                [("run_id", "in", self.ids)], ["run_id", "action"], ["__count"]
            )
        }
        for run in self:
            deleted, cancelled = (counts.get((run, each), 0) for each in (DELETED, CANCELLED))
            run.deleted_entitlement_count = deleted
            run.cancelled_entitlement_count = cancelled
            run.withheld_count = deleted + cancelled

    def action_open_withheld(self):
        """Open the entitlements that this run deleted or cancelled."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Withheld Entitlements"),
            "res_model": "spp.attendance.withheld.entitlement",
            "view_mode": "list",
            "domain": [("run_id", "=", self.id)],
            "context": {"create": False},
        }
