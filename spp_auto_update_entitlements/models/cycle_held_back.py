from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.g2p_programs.models.constants import STATE_ENDED

from .cycle_end import STATES_TO_END

ACTIVITY = "spp_auto_update_entitlements.mail_activity_held_back"


class G2PCycle(models.Model):
    """Cycles that were over before the addon came: a person settles them, or leaves them."""

    _inherit = "g2p.cycle"

    @api.model
    def _hold_back(self, ended_only=False):
        """Hold back what is over and has no settlement of ours, and tell the program managers.

        :param ended_only: leave those alone that a nightly run of this addon knew already
        """
        domain = [("settlement_hold", "=", False), ("settlement_ids", "=", False)]
        ended = [("state", "=", STATE_ENDED)]
        expired = [("state", "in", STATES_TO_END), *self._get_expired_domain()]
        over = ended if ended_only else ["|", *ended, "&", *expired]
        cycles = self.search(domain + over)
        cycles = cycles.filtered(
            lambda cycle: cycle.state != STATE_ENDED or cycle._has_entitlements_to_settle()
        )
        cycles._as_writer().write({"settlement_hold": "held"})
        for program, held in cycles.grouped("program_id").items():
            user = self._find_responsible_user(program.create_uid, held[:1]._get_company())
            program.activity_schedule(
                ACTIVITY,
                user_id=user.id,
                note=_(
                    "Cycles of this program were over before their settlement came, and are held "
                    "back (%(count)s): %(cycles)s. No nightly run touches them. Under Programs > "
                    "Cycles > Expired Cycles, settle them or leave them alone.",
                    count=len(held),
                    cycles=", ".join(held.mapped("name")),
                ),
            )

    def action_settle_held_back(self):
        """Settle these cycles, which were held back, and end those that have not ended.

        Of several cycles, those that can't be settled now are named, and keep none from it.

        :raise UserError: if none of them can be settled
        """
        self._check_may_settle()
        refusals, requested = [], self.browse()
        for cycle in self:
            try:
                with self.env.cr.savepoint():
                    cycle._release(False)
                    if cycle._settle_and_end():
                        requested |= cycle
            except UserError as error:
                refusals.append(str(error))
        if refusals and len(refusals) == len(self):
            raise UserError("\n".join(refusals))
        if refusals:
            return self._get_notification(
                _(
                    "%(settled)s of %(chosen)s cycles are settled, or will be in the background. "
                    "The others stay as they are: %(reasons)s",
                    settled=len(self) - len(refusals),
                    chosen=len(self),
                    reasons=" ".join(refusals),
                ),
                is_warning=True,
            )
        return requested._get_requested_notification() if requested else None

    def action_leave_alone(self):
        """Leave these cycles as they are: no nightly run will settle them."""
        self._check_may_settle()
        held = self.filtered(lambda cycle: cycle.settlement_hold == "held")
        held._release("left")
        others = self - held
        if not others:
            return None
        return self._get_notification(
            _(
                "Only cycles that are held back can be left alone. Nothing has changed for "
                "%(cycles)s.",
                cycles=", ".join(others.mapped("name")),
            ),
            is_warning=True,
        )

    def _release(self, hold):
        """Decide about cycles that are held back, or were left alone."""
        held = self.filtered("settlement_hold")
        for cycle in held:
            cycle._lock_for_settlement()
            cycle._as_writer().settlement_hold = hold
            cycle.message_post(
                body=_("%(user)s left this cycle alone.", user=self.env.user.name)
                if hold
                else _("%(user)s had this cycle settled.", user=self.env.user.name)
            )
        for program in held.program_id.sudo():
            if not program.cycle_ids.filtered(lambda cycle: cycle.settlement_hold == "held"):
                program.activity_unlink([ACTIVITY])
