from datetime import datetime, timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..notification import notification


class DefaultProgramManager(models.Model):
    _name = "g2p.program.manager.default"
    _inherit = ["g2p.base.program.manager", "g2p.manager.source.mixin"]
    _description = "Default Program Manager"

    number_of_cycles = fields.Integer(default=1)
    copy_last_cycle_on_new_cycle = fields.Boolean("Copy previous cycle", default=True)

    def last_cycle(self):
        cycles = self.env["g2p.cycle"].search(
            [("program_id", "=", self.program_id.id)], order="sequence desc", limit=1
        )
        return cycles or None

    def new_cycle(self):
        """Create the cycle that follows the last one, with the program's enrolled members."""
        self.ensure_one()
        manager = self.program_id.get_manager(self.program_id.MANAGER_CYCLE)
        last = self.last_cycle()
        if last is None:
            cycle = manager.new_cycle("Cycle 1", datetime.now(), 1)
        else:
            number = last.sequence + 1
            start = last.end_date + timedelta(days=1)
            cycle = manager.new_cycle(f"Cycle {number}", start, number)
        if cycle is not None:
            enrolled = self.program_id.get_beneficiaries("enrolled").partner_id.ids
            manager.add_beneficiaries(cycle, enrolled, "enrolled")
        return cycle

    def enroll_eligible_registrants(self, state=None):
        """Enroll the eligible members. The platform makes jobs of it from 200 members on."""
        self.ensure_one()
        program = self.program_id
        managers = program.get_managers(program.MANAGER_ELIGIBILITY)
        if not managers:
            raise UserError(_("The program has no eligibility manager."))
        members = eligible = program.get_beneficiaries(state, order="id")
        for manager in managers:
            eligible = manager.enroll_eligible_registrants(eligible)
        new = eligible.filtered(lambda member: member.state != "enrolled")
        new.write({"state": "enrolled", "enrollment_date": fields.Datetime.now()})
        (members - eligible).write({"state": "not_eligible"})
        return notification(_("Enrollment"), _("%(count)s were enrolled.", count=len(new)))
