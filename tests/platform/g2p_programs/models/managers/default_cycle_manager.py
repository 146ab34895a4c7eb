from datetime import datetime, timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.queue_job.delay import group

from .. import constants
from ..notification import notification


class DefaultCycleManager(models.Model):
    _name = "g2p.cycle.manager.default"
    _inherit = [
        "g2p.base.cycle.manager",
        "g2p.cycle.recurrence.mixin",
        "g2p.manager.source.mixin",
    ]
    _description = "Default Cycle Manager"

    cycle_duration = fields.Integer("Recurrence", default=1, required=True)
    # Nobody approves a cycle without it; who approves must be in it.
    approver_group_id = fields.Many2one("res.groups", copy=True)

    @api.depends("cycle_duration")
    def _compute_interval(self):
        for manager in self:
            manager.interval = manager.cycle_duration

    def mark_distributed(self, cycle):
        cycle.write({"state": constants.STATE_DISTRIBUTED})

    def mark_ended(self, cycle):
        cycle.write({"state": constants.STATE_ENDED})

    def mark_cancelled(self, cycle):
        cycle.write({"state": constants.STATE_CANCELLED})

    def new_cycle(self, name, new_start_date, sequence):
        """Create a cycle from the first start on or after a day, to the day before the next.

        By default that is the first of a month.
        """
        first = datetime.combine(new_start_date, datetime.min.time())
        starts = (start for start, _end in self._get_ranges(first, timedelta(seconds=1)))
        start, following = next(starts), next(starts)
        # Half a day on, as on the platform, for the days when clocks are changed.
        while start + timedelta(hours=11) < first:
            start, following = following, next(starts)
        return self.env["g2p.cycle"].create(
            {
                "program_id": self.program_id.id,
                "name": name,
                "state": "draft",
                "sequence": sequence,
                "start_date": start + timedelta(hours=11),
                "end_date": following - timedelta(days=1) + timedelta(hours=11),
                "auto_approve_entitlements": self.auto_approve_entitlements,
            }
        )

    def copy_beneficiaries_from_program(self, cycle, state="enrolled"):
        self.ensure_one()
        self._ensure_can_edit_cycle(cycle)
        enrolled = self.program_id.get_beneficiaries(["enrolled"]).partner_id.ids
        return self.add_beneficiaries(cycle, enrolled, state)

    def add_beneficiaries(self, cycle, beneficiaries, state="draft"):
        """Add registrants, given by their ids, who are not in the cycle yet."""
        self.ensure_one()
        self._ensure_can_edit_cycle(cycle)
        new = list(set(beneficiaries) - set(cycle.cycle_membership_ids.partner_id.ids))
        if not new:
            return notification(_("Enrollment"), _("There is nobody to import."), "warning")
        if len(new) < self.MIN_ROW_JOB_QUEUE:
            self._add_beneficiaries(cycle, new, state, do_count=True)
            return notification(_("Enrollment"), _("%(count)s imported.", count=len(new)))
        self._add_beneficiaries_async(cycle, new, state)
        return notification(
            _("Enrollment"), _("The import of %(count)s started.", count=len(new)), "warning"
        )

    def _add_beneficiaries_async(self, cycle, beneficiaries, state):
        self._lock(cycle, _("Importing beneficiaries."))
        size = self.MAX_ROW_JOB_QUEUE
        jobs = group(
            *(
                self._on_channel()._add_beneficiaries(
                    cycle, beneficiaries[start : start + size], state
                )
                for start in range(0, len(beneficiaries), size)
            )
        )
        done = _("Beneficiaries were imported.")
        jobs.on_done(self._on_channel().mark_import_as_done(cycle, done))
        jobs.delay()

    def _add_beneficiaries(self, cycle, beneficiaries, state="draft", do_count=False):
        today = fields.Date.today()
        cycle.write(
            {
                "cycle_membership_ids": [
                    (0, 0, {"partner_id": partner, "enrollment_date": today, "state": state})
                    for partner in beneficiaries
                ]
            }
        )
        if do_count:
            cycle._compute_members_count()

    def check_eligibility(self, cycle, beneficiaries=None):
        """Enroll the eligible members. The platform makes jobs of it from 200 members on."""
        self._ensure_can_edit_cycle(cycle)
        states = ["draft", "enrolled", "not_eligible"]
        members = eligible = beneficiaries or cycle.get_beneficiaries(states, order="id")
        for manager in cycle.program_id.get_managers(constants.MANAGER_ELIGIBILITY):
            eligible = manager.verify_cycle_eligibility(cycle, eligible)
        eligible.write({"state": "enrolled"})
        others = members - eligible
        others.write({"state": "not_eligible"})
        self.env["g2p.entitlement"].search(
            [("cycle_id", "=", cycle.id), ("partner_id", "in", others.partner_id.ids)]
        ).write({"state": "cancelled"})

    def prepare_entitlements(self, cycle):
        self.ensure_one()
        self._ensure_can_edit_cycle(cycle)
        enrolled = cycle.get_beneficiaries(["enrolled"], count=True)
        if enrolled < self.MIN_ROW_JOB_QUEUE:
            self._prepare_entitlements(cycle, do_count=True)
            return
        self._lock(cycle, _("Preparing entitlements."))
        size = self.MAX_ROW_JOB_QUEUE
        jobs = group(
            *(
                self._on_channel()._prepare_entitlements(cycle, start, size)
                for start in range(0, enrolled, size)
            )
        )
        done = _("Entitlements were prepared.")
        jobs.on_done(self._on_channel().mark_prepare_entitlement_as_done(cycle, done))
        jobs.delay()

    def _prepare_entitlements(self, cycle, offset=0, limit=None, do_count=False):
        members = cycle.get_beneficiaries(["enrolled"], offset=offset, limit=limit, order="id")
        manager = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        if not manager:
            raise UserError(_("The program has no entitlement manager."))
        manager.prepare_entitlements(cycle, members)
        if do_count:
            cycle._compute_entitlements_count()

    def _on_channel(self):
        return self.delayable(channel="root_program.cycle")
