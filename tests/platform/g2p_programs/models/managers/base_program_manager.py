from odoo import fields, models


class BaseProgramManager(models.AbstractModel):
    _name = "g2p.base.program.manager"
    _description = "Base Program Manager"

    MIN_ROW_JOB_QUEUE = 200
    MAX_ROW_JOB_QUEUE = 10000

    name = fields.Char("Manager Name", required=True)
    program_id = fields.Many2one("g2p.program", required=True)

    def last_cycle(self):
        raise NotImplementedError()

    def new_cycle(self):
        raise NotImplementedError()

    def enroll_eligible_registrants(self, state=None):
        raise NotImplementedError()
