from odoo import api, fields, models
from odoo.tools import SQL, split_every

from .cycle_membership import WRITE_SIZE

ENTITLEMENT_MODELS = ("g2p.entitlement", "g2p.entitlement.inkind")
DRAFT, PENDING, CANCELLED = "draft", "pending_validation", "cancelled"
NOT_PAYABLE = (CANCELLED, "rejected1", "rejected2", "rejected3")
WITHOUT_ENTITLEMENT = """
    SELECT count(*) FROM g2p_cycle_membership AS membership
    WHERE membership.cycle_id = %s AND membership.lost_entitlement
        AND membership.state = 'enrolled'
        AND NOT EXISTS (
            SELECT FROM g2p_entitlement WHERE cycle_id = membership.cycle_id
                AND partner_id = membership.partner_id
        ) AND NOT EXISTS (
            SELECT FROM g2p_entitlement_inkind WHERE cycle_id = membership.cycle_id
                AND partner_id = membership.partner_id
        )
"""


class WithheldMixin(models.AbstractModel):
    """An entitlement, cash or in-kind, that attendance may cancel before it is approved."""

    _name = "spp.attendance.withheld.mixin"
    _inherit = "spp.attendance.guard.mixin"
    _description = "Entitlement of a Membership that Attendance Decides about"

    is_cancelled_by_attendance = fields.Boolean(
        readonly=True,
        copy=False,
        help="If it is cancelled, attendance cancelled it while it was pending validation. It is "
        "pending again as soon as the membership is enrolled, unless somebody changes its state "
        "before.",
    )

    @api.model
    def _get_attendance_guarded_fields(self):
        return super()._get_attendance_guarded_fields() | {"is_cancelled_by_attendance"}

    def write(self, vals):
        self._refuse_attendance_guarded(vals)
        if vals.get("state") == CANCELLED and not self._is_attendance_writer():
            self._as_attendance_writer().write({"is_cancelled_by_attendance": False})
        return super().write(vals)

    def _prepare_withheld_vals(self):
        """Return what is kept of this entitlement when it is deleted or cancelled."""
        self.ensure_one()
        return {
            "kind": self._name,
            "entitlement_id": self.id,
            "code": self.code,
            "partner_id": self.partner_id.id,
            "action": "deleted" if self.state == DRAFT else "cancelled",
        }


class G2PEntitlement(models.Model):
    _name = "g2p.entitlement"
    _inherit = ["g2p.entitlement", "spp.attendance.withheld.mixin"]

    # Those of a thousand members are looked up at once, among those of all cycles.
    partner_id = fields.Many2one(index=True)

    def _prepare_withheld_vals(self):
        # A journal has a currency of its own only if it is not the company's.
        currency = self.currency_id or self.company_id.currency_id
        return {
            **super()._prepare_withheld_vals(),
            "amount": self.initial_amount,
            "unit": currency.name,
        }


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _inherit = ["g2p.entitlement.inkind", "spp.attendance.withheld.mixin"]

    partner_id = fields.Many2one(index=True)

    def _prepare_withheld_vals(self):
        return {
            **super()._prepare_withheld_vals(),
            "amount": self.qty,
            "unit": self.uom_id.name,
            "product": self.product_id.display_name,
        }


class G2PCycleMembership(models.Model):
    """The entitlements that were prepared for a membership before attendance decided."""

    _inherit = "g2p.cycle.membership"

    lost_entitlement = fields.Boolean(
        readonly=True,
        copy=False,
        help="An entitlement in draft was deleted when the membership became non-compliant.",
    )

    def init(self):
        result = super().init()
        # Every form of a cycle counts them.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS g2p_cycle_membership_lost_entitlement_index"
            " ON g2p_cycle_membership (cycle_id) WHERE lost_entitlement"
        )
        return result

    @api.model
    def _get_attendance_guarded_fields(self):
        return super()._get_attendance_guarded_fields() | {"lost_entitlement"}

    @api.model
    def _withhold_entitlements(self, refused, decision):
        """Delete what is in draft, as the platform would, and cancel what is pending.

        Of all who are refused, even if somebody else has refused them before.

        :param SQL refused: the query of their memberships' ids
        :param decision: the run or the override that does it
        """
        for prepared in self._split_entitlements(
            refused, SQL("entitlement.state IN %s", (DRAFT, PENDING))
        ):
            self.env["spp.attendance.withheld.entitlement"]._keep(prepared, decision)
            drafts = prepared.filtered(lambda each: each.state == DRAFT)
            self.search(
                [
                    ("cycle_id", "in", drafts.cycle_id.ids),
                    ("partner_id", "in", drafts.partner_id.ids),
                ]
            )._as_attendance_writer().write({"lost_entitlement": True})
            pending = prepared - drafts
            drafts.unlink()
            pending.write({"state": CANCELLED, "is_cancelled_by_attendance": True})

    @api.model
    def _give_entitlements_back(self, enrolled):
        """Put back to pending what attendance cancelled, unless somebody has changed it since.

        To whom attendance wants enrolled, even if a person has enrolled them before; but not to
        who got another one since.

        :param SQL enrolled: the query of their memberships' ids
        """
        condition = SQL(
            "entitlement.state = %s AND entitlement.is_cancelled_by_attendance", CANCELLED
        )
        for cancelled in self._split_entitlements(enrolled, condition):
            others = cancelled.search(
                [
                    ("cycle_id", "in", cancelled.cycle_id.ids),
                    ("partner_id", "in", cancelled.partner_id.ids),
                    ("state", "not in", NOT_PAYABLE),
                ]
            )
            newest = {}
            for other in others.sorted("create_date"):
                newest[other.cycle_id, other.partner_id] = other.create_date
            cancelled.filtered(
                lambda each, newest=newest: (
                    each.write_date >= newest.get((each.cycle_id, each.partner_id), each.write_date)
                )
            ).write({"state": PENDING, "is_cancelled_by_attendance": False})

    @api.model
    def _split_entitlements(self, memberships, condition):
        """Yield the entitlements of memberships, some of one kind at a time.

        :param SQL memberships: the query of their ids
        :param SQL condition: on the ``entitlement``
        """
        self.env.flush_all()
        for name in ENTITLEMENT_MODELS:
            model = self.env[name].sudo()._as_attendance_writer()
            self.env.cr.execute(
                SQL(
                    """
                    SELECT entitlement.id FROM %s AS entitlement
                    JOIN g2p_cycle_membership AS membership
                        ON membership.partner_id = entitlement.partner_id
                        AND membership.cycle_id = entitlement.cycle_id
                    WHERE membership.id IN (%s) AND %s
                    ORDER BY entitlement.id
                    """,
                    SQL.identifier(model._table),
                    memberships,
                    condition,
                )
            )
            for ids in split_every(WRITE_SIZE, [row[0] for row in self.env.cr.fetchall()]):
                yield model.browse(ids)
                self.env.flush_all()
                self.env.invalidate_all()


class G2PCycle(models.Model):
    _inherit = "g2p.cycle"

    def _count_without_entitlement(self):
        """Return how many enrolled members lost a draft entitlement, and have none again."""
        self.env.flush_all()
        self.env.cr.execute(WITHOUT_ENTITLEMENT, [self._origin.id])
        return self.env.cr.fetchone()[0]
