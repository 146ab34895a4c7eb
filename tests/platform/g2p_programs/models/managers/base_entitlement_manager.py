from odoo import fields, models


class BaseEntitlementManager(models.AbstractModel):
    _name = "g2p.base.program.entitlement.manager"
    _inherit = "base.programs.manager"
    _description = "Base Entitlement Manager"

    # False on managers of goods: then the cycle's button shows in-kind entitlements.
    IS_CASH_ENTITLEMENT = True
    MIN_ROW_JOB_QUEUE = 200
    MAX_ROW_JOB_QUEUE = 2000

    name = fields.Char("Manager Name", required=True)
    program_id = fields.Many2one("g2p.program", required=True)

    def prepare_entitlements(self, cycle, beneficiaries):
        raise NotImplementedError()

    def set_pending_validation_entitlements(self, cycle):
        raise NotImplementedError()

    def validate_entitlements(self, cycle):
        raise NotImplementedError()

    def approve_entitlements(self, entitlements):
        raise NotImplementedError()

    def cancel_entitlements(self, cycle):
        raise NotImplementedError()

    def open_entitlements_form(self, cycle):
        raise NotImplementedError()

    def open_entitlement_form(self, rec):
        raise NotImplementedError()

    def mark_job_as_done(self, cycle, msg):
        self.ensure_one()
        cycle.write({"locked": False, "locked_reason": False})
        cycle.message_post(body=msg)
