from odoo import api, fields, models
from odoo.tools import SQL, split_every

from .cycle_membership import WRITE_SIZE

ENTITLEMENT_MODELS = ("g2p.entitlement", "g2p.entitlement.inkind")
DRAFT, PENDING, CANCELLED = "draft", "pending_validation", "cancelled"
NOT_PAYABLE = (CANCELLED, "rejected1", "rejected2", "rejected3", "reject")
# Of whom a draft was deleted, and nothing of the kind, or of the product, is there; nor anything
# that was prepared since.
WITHOUT_ENTITLEMENT = """
    SELECT count(DISTINCT membership.id)
    FROM spp_attendance_withheld_entitlement AS withheld
    JOIN g2p_cycle_membership AS membership
        ON membership.cycle_id = withheld.cycle_id
            AND membership.partner_id = withheld.partner_id AND membership.state = 'enrolled'
    WHERE withheld.cycle_id = %s AND withheld.action = 'deleted' AND NOT EXISTS (
        SELECT FROM g2p_entitlement AS entitlement
        WHERE entitlement.cycle_id = withheld.cycle_id
            AND entitlement.partner_id = withheld.partner_id
            AND (withheld.kind = 'g2p.entitlement'
                OR entitlement.create_date > withheld.create_date)
    ) AND NOT EXISTS (
        SELECT FROM g2p_entitlement_inkind AS entitlement
        WHERE entitlement.cycle_id = withheld.cycle_id
            AND entitlement.partner_id = withheld.partner_id
            AND (withheld.kind = 'g2p.entitlement.inkind'
                AND entitlement.product_id = withheld.product_id
                OR entitlement.create_date > withheld.create_date)
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

    @api.model
    def _get_to_be_given_back(self):
        """Return the SQL condition of an ``entitlement`` that is pending again if its member is
        enrolled."""
        return SQL(
            """
            entitlement.state = %(cancelled)s AND entitlement.is_cancelled_by_attendance
            AND NOT EXISTS (
                SELECT FROM %(table)s AS other
                WHERE other.cycle_id = entitlement.cycle_id
                    AND other.partner_id = entitlement.partner_id
                    AND other.id != entitlement.id AND %(same)s
                    AND (other.state NOT IN %(not_payable)s OR
                        other.state = %(cancelled)s AND other.is_cancelled_by_attendance)
                    AND other.create_date > (
                        SELECT max(withheld.create_date)
                        FROM spp_attendance_withheld_entitlement AS withheld
                        WHERE withheld.entitlement_id = entitlement.id AND withheld.kind = %(kind)s
                    )
            )
            """,
            table=SQL.identifier(self._table),
            kind=self._name,
            same=self._get_same_benefit(),
            cancelled=CANCELLED,
            not_payable=NOT_PAYABLE,
        )

    @api.model
    def _get_same_benefit(self):
        """Return the SQL condition that an ``other`` one is in place of the ``entitlement``."""
        return SQL("TRUE")

    def _prepare_withheld_vals(self):
        """Return what is kept of this entitlement when it is deleted or cancelled."""
        self.ensure_one()
        return {
            "kind": self._name,
            "entitlement_id": self.id,
            "code": self.code,
            "cycle_id": self.cycle_id.id,
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

    @api.model
    def _get_same_benefit(self):
        same = SQL("other.product_id = entitlement.product_id")
        if "inkind_item_id" in self._fields:
            # Of the platform's in-kind programs: two items of one product are two benefits.
            item = SQL("other.inkind_item_id IS NOT DISTINCT FROM entitlement.inkind_item_id")
            same = SQL("%s AND %s", same, item)
        return same

    def _prepare_withheld_vals(self):
        return {
            **super()._prepare_withheld_vals(),
            "amount": self.qty,
            "unit": self.uom_id.name,
            "product_id": self.product_id.id,
            "product": self.product_id.display_name,
        }


class G2PCycleMembership(models.Model):
    """The entitlements that were prepared for a membership before attendance decided."""

    _inherit = "g2p.cycle.membership"

    @api.model
    def _withhold_entitlements(self, refused, decision):
        """Delete what is in draft, as the platform would, and cancel what is pending.

        Of all who are refused, even if somebody else has refused them before.

        :param SQL refused: the query of their memberships' ids
        :param decision: the run or the override that does it
        """
        for prepared in self._split_entitlements(
            refused, lambda _model: SQL("entitlement.state IN %s", (DRAFT, PENDING))
        ):
            self.env["spp.attendance.withheld.entitlement"]._keep(prepared, decision)
            drafts = prepared.filtered(lambda each: each.state == DRAFT)
            pending = prepared - drafts
            drafts.unlink()
            pending.write({"state": CANCELLED, "is_cancelled_by_attendance": True})

    @api.model
    def _give_entitlements_back(self, enrolled):
        """Put back to pending what attendance cancelled, unless somebody has changed it since.

        To whom attendance wants enrolled, even if a person has enrolled them before; but not to
        who got another one since, of the same product if it is in kind. Of those that attendance
        cancelled one after another, the last one counts.

        :param SQL enrolled: the query of their memberships' ids
        """
        for cancelled in self._split_entitlements(
            enrolled, lambda model: model._get_to_be_given_back()
        ):
            cancelled.write({"state": PENDING, "is_cancelled_by_attendance": False})

    @api.model
    def _split_entitlements(self, memberships, get_condition):
        """Yield the entitlements of memberships, some of one kind at a time.

        :param SQL memberships: the query of their ids
        :param get_condition: gives for a model the SQL condition of an ``entitlement``
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
                    get_condition(model),
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
        self.env.cr.execute(WITHOUT_ENTITLEMENT, [self._origin.id or None])
        return self.env.cr.fetchone()[0]
