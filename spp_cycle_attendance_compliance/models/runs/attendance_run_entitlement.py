from odoo import _, fields, models

from ..unchecked_many2one import UncheckedMany2one

DELETED, CANCELLED = "deleted", "cancelled"


class AttendanceRunEntitlement(models.Model):
    """An entitlement that was prepared for somebody whom a run then refused: what it was.

    A draft was deleted, and is to be read of here only. What was pending was cancelled, and may be
    pending again.
    """

    _name = "spp.attendance.run.entitlement"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Entitlement that an Attendance Run Withheld"
    _order = "id"
    _rec_name = "code"

    run_id = UncheckedMany2one("spp.attendance.run", required=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", "Registrant", required=True, ondelete="restrict", index=True
    )
    kind = fields.Selection(
        [("g2p.entitlement", "Cash"), ("g2p.entitlement.inkind", "In kind")], required=True
    )
    entitlement_id = fields.Integer("ID of the Entitlement", required=True)
    code = fields.Char()
    product = fields.Char()
    amount = fields.Float(digits=0)
    unit = fields.Char(help="The currency, or the unit of measure.")
    action = fields.Selection(
        [(DELETED, "Deleted, as a draft"), (CANCELLED, "Cancelled, while pending")],
        "What Was Done",
        required=True,
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
            for run, action, count in self.env["spp.attendance.run.entitlement"]._read_group(
                [("run_id", "in", self.ids)], ["run_id", "action"], ["__count"]
            )
        }
        for run in self:
            deleted, cancelled = (counts.get((run, each), 0) for each in (DELETED, CANCELLED))
            run.deleted_entitlement_count = deleted
            run.cancelled_entitlement_count = cancelled
            run.withheld_count = deleted + cancelled

    def _keep_withheld(self, entitlements):
        """Keep what entitlements were, before this run deletes or cancels them."""
        self.env["spp.attendance.run.entitlement"].create(
            [
                {"run_id": self.id, **entitlement._prepare_withheld_vals()}
                for entitlement in entitlements
            ]
        )

    def action_open_withheld(self):
        """Open the entitlements that this run deleted or cancelled."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Withheld Entitlements"),
            "res_model": "spp.attendance.run.entitlement",
            "view_mode": "list",
            "domain": [("run_id", "=", self.id)],
            "context": {"create": False},
        }
