from odoo import api, fields, models

ENTITLEMENT_MODELS = ("g2p.entitlement", "g2p.entitlement.inkind")
DRAFT, PENDING, CANCELLED = "draft", "pending_validation", "cancelled"
WITHHELD = [("state", "=", CANCELLED), ("is_cancelled_by_attendance", "=", True)]


class WithheldMixin(models.AbstractModel):
    """An entitlement, cash or in-kind, that attendance may cancel before it is approved."""

    _name = "spp.attendance.withheld.mixin"
    _inherit = "spp.attendance.guard.mixin"
    _description = "Entitlement of a Membership that Attendance Decides about"

    is_cancelled_by_attendance = fields.Boolean(
        readonly=True,
        copy=False,
        help="It was pending validation when the membership became non-compliant. It is pending "
        "again as soon as the membership is enrolled, unless somebody changes its state before.",
    )

    @api.model
    def _get_attendance_guarded_fields(self):
        return super()._get_attendance_guarded_fields() | {"is_cancelled_by_attendance"}

    def write(self, vals):
        self._refuse_attendance_guarded(vals)
        if "state" in vals and not self._is_attendance_writer():
            cancelled = self.filtered("is_cancelled_by_attendance")
            cancelled._as_attendance_writer().is_cancelled_by_attendance = False
        return super().write(vals)


class G2PEntitlement(models.Model):
    _name = "g2p.entitlement"
    _inherit = ["g2p.entitlement", "spp.attendance.withheld.mixin"]

    # Those of a thousand members are looked up at once, among those of all cycles.
    partner_id = fields.Many2one(index=True)


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _inherit = ["g2p.entitlement.inkind", "spp.attendance.withheld.mixin"]

    partner_id = fields.Many2one(index=True)


class G2PCycleMembership(models.Model):
    """The entitlements that were prepared for a membership before attendance decided."""

    _inherit = "g2p.cycle.membership"

    def _search_entitlements(self, domain):
        """Yield the entitlements of these memberships, which are of one cycle, by model."""
        for name in ENTITLEMENT_MODELS:
            yield (
                self.env[name]
                .sudo()
                .search(
                    [
                        ("cycle_id", "in", self.cycle_id.ids),
                        ("partner_id", "in", self.partner_id.ids),
                        *domain,
                    ]
                )
            )

    def _withhold_entitlements(self):
        """Delete what is in draft, as the platform would, and cancel what is pending.

        Of all who are refused, even if somebody else has refused them before.

        :return: how many were deleted, and how many cancelled
        """
        deleted = cancelled = 0
        for entitlements in self._search_entitlements([("state", "in", (DRAFT, PENDING))]):
            drafts = entitlements.filtered(lambda each: each.state == DRAFT)
            losing = drafts.partner_id
            self.filtered(
                lambda each, losing=losing: each.partner_id in losing
            )._as_attendance_writer().write({"lost_entitlement": True})
            deleted += len(drafts)
            pending = (entitlements - drafts)._as_attendance_writer()
            drafts.unlink()
            cancelled += len(pending)
            pending.write({"state": CANCELLED, "is_cancelled_by_attendance": True})
        return deleted, cancelled

    def _give_entitlements_back(self):
        """Put back to pending what attendance cancelled, unless somebody has changed it since.

        To whom attendance wants enrolled, even if a person has enrolled them before.
        """
        for entitlements in self._search_entitlements(WITHHELD):
            entitlements._as_attendance_writer().write(
                {"state": PENDING, "is_cancelled_by_attendance": False}
            )


class G2PCycle(models.Model):
    _inherit = "g2p.cycle"

    def _count_without_entitlement(self):
        """Return how many enrolled members lost a draft entitlement, and have none again."""
        self.env.flush_all()
        self.env.cr.execute(
            """
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
            """,
            [self._origin.id],
        )
        return self.env.cr.fetchone()[0]
