from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from . import constants
from .notification import notification


class G2PCycle(models.Model):
    _name = "g2p.cycle"
    _inherit = ["mail.thread", "mail.activity.mixin", "job.relate.mixin"]
    _description = "Cycle"
    _order = "sequence asc"
    _check_company_auto = True

    STATE_DRAFT = constants.STATE_DRAFT
    STATE_TO_APPROVE = constants.STATE_TO_APPROVE
    STATE_APPROVED = constants.STATE_APPROVED
    STATE_CANCELED = constants.STATE_CANCELLED
    STATE_DISTRIBUTED = constants.STATE_DISTRIBUTED
    STATE_ENDED = constants.STATE_ENDED

    name = fields.Char(required=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    program_id = fields.Many2one("g2p.program", required=True)
    sequence = fields.Integer(required=True, readonly=True, default=1)
    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True)
    state = fields.Selection(
        [
            (STATE_DRAFT, "Draft"),
            (STATE_TO_APPROVE, "To Approve"),
            (STATE_APPROVED, "Approved"),
            (STATE_DISTRIBUTED, "Distributed"),
            (STATE_CANCELED, "Canceled"),
            (STATE_ENDED, "Ended"),
        ],
        default="draft",
    )
    cycle_membership_ids = fields.One2many("g2p.cycle.membership", "cycle_id", "Cycle Memberships")
    entitlement_ids = fields.One2many("g2p.entitlement", "cycle_id", "Entitlements")
    payment_batch_ids = fields.One2many("g2p.payment.batch", "cycle_id", "Payment Batches")
    auto_approve_entitlements = fields.Boolean("Auto-approve entitlements")
    members_count = fields.Integer("# Beneficiaries", compute="_compute_members_count")
    entitlements_count = fields.Integer("# Entitlements", compute="_compute_entitlements_count")
    payments_count = fields.Integer("# Payments", compute="_compute_payments_count")
    # Set while a background task works on the cycle.
    locked = fields.Boolean(default=False)
    locked_reason = fields.Char()
    total_amount = fields.Float(compute="_compute_total_amount")
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.company.currency_id)
    show_approve_entitlements_button = fields.Boolean(compute="_compute_show_approve_entitlement")
    approved_date = fields.Datetime("Cycle Approved Date", readonly=True)
    approved_by = fields.Many2one("res.users", "Cycle Approved By", readonly=True)

    _sql_constraints = [
        (
            "unique_cycle_name_program",
            "UNIQUE(name, program_id)",
            "A program has one cycle of a name.",
        )
    ]

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form" and "hide_cash" not in self.env.context:
            # A form view of a cycle that lacks one of these fails here with IndexError.
            for path in (
                "//button[@name='prepare_payment']",
                "//button[@name='send_payment']",
                "//button[@name='open_payments_form']",
                "//page[@name='payment_batches']",
            ):
                arch.xpath(path)[0].set("data-hide-cash", "1")
        return arch, view

    def _compute_members_count(self):
        for cycle in self:
            cycle.members_count = self.env["g2p.cycle.membership"].search_count(
                cycle._get_beneficiaries_domain(["enrolled"])
            )

    def _compute_entitlements_count(self):
        for cycle in self:
            cycle.entitlements_count = self.env["g2p.entitlement"].search_count(
                [("cycle_id", "=", cycle.id)]
            )

    def _compute_payments_count(self):
        for cycle in self:
            cycle.payments_count = self.env["g2p.payment"].search_count(
                [("cycle_id", "=", cycle.id)]
            )

    @api.depends("entitlement_ids")
    def _compute_total_amount(self):
        for cycle in self:
            cycle.total_amount = sum(cycle.entitlement_ids.mapped("initial_amount"))

    def _compute_show_approve_entitlement(self):
        # Reads every entitlement whenever the form is opened, as on the platform.
        for cycle in self:
            cycle.show_approve_entitlements_button = all(
                entitlement.state == "approved" for entitlement in cycle.entitlement_ids
            )

    # Without a cycle manager, these two and the mark_* methods fail with AttributeError.
    @api.onchange("start_date")
    def on_start_date_change(self):
        self.program_id.get_manager(constants.MANAGER_CYCLE).on_start_date_change(self)

    @api.onchange("state")
    def on_state_change(self):
        self.program_id.get_manager(constants.MANAGER_CYCLE).on_state_change(self)

    def mark_distributed(self):
        self.program_id.get_manager(constants.MANAGER_CYCLE).mark_distributed(self)

    def mark_ended(self):
        self.program_id.get_manager(constants.MANAGER_CYCLE).mark_ended(self)

    def mark_cancelled(self):
        self.program_id.get_manager(constants.MANAGER_CYCLE).mark_cancelled(self)

    def _get_cycle_manager(self):
        manager = self.program_id.get_manager(constants.MANAGER_CYCLE)
        if not manager:
            raise UserError(_("The program has no cycle manager."))
        return manager

    def _get_entitlement_manager(self):
        manager = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        if not manager:
            raise UserError(_("The program has no entitlement manager."))
        return manager

    def _get_beneficiaries_domain(self, states=None):
        domain = [("cycle_id", "=", self.id)]
        if states:
            domain.append(("state", "in", states))
        return domain

    def get_beneficiaries(self, state, offset=0, limit=None, order=None, count=False):
        states = [state] if isinstance(state, str) else state
        domain = self._get_beneficiaries_domain(states)
        memberships = self.env["g2p.cycle.membership"]
        if count:
            return memberships.search_count(domain, limit=limit)
        return memberships.search(domain, offset=offset, limit=limit, order=order)

    def get_entitlements(
        self,
        state,
        entitlement_model="g2p.entitlement",
        offset=0,
        limit=None,
        order=None,
        count=False,
    ):
        domain = [("cycle_id", "=", self.id)]
        if state:
            domain.append(("state", "in", [state] if isinstance(state, str) else state))
        if count:
            # Counts memberships, not entitlements, as on the platform.
            return self.env["g2p.cycle.membership"].search_count(domain, limit=limit)
        return self.env[entitlement_model].search(domain, offset=offset, limit=limit, order=order)

    def copy_beneficiaries_from_program(self):
        self.ensure_one()
        return self._get_cycle_manager().copy_beneficiaries_from_program(self)

    def check_eligibility(self, beneficiaries=None):
        self._get_cycle_manager().check_eligibility(self, beneficiaries)

    def prepare_entitlement(self):
        return self._get_cycle_manager().prepare_entitlements(self)

    def to_approve(self):
        for cycle in self:
            if cycle.state != self.STATE_DRAFT:
                return self._refuse(_("Only drafts can be sent for approval."))
            manager = cycle._get_entitlement_manager()
            cycle.write({"state": self.STATE_TO_APPROVE})
            manager.set_pending_validation_entitlements(cycle)
        return None

    def reset_draft(self):
        for cycle in self:
            if cycle.state != self.STATE_TO_APPROVE:
                return self._refuse(_("Only a cycle that waits for approval can be reset."))
            cycle.write({"state": self.STATE_DRAFT})
        return None

    def approve(self):
        for cycle in self:
            manager = cycle._get_cycle_manager()
            # Leaves after the first cycle, as on the platform.
            return manager.approve_cycle(
                cycle,
                auto_approve=manager.auto_approve_entitlements,
                entitlement_manager=cycle._get_entitlement_manager(),
            )
        return None

    def validate_entitlement(self):
        return self._get_entitlement_manager().validate_entitlements(self)

    def prepare_payment(self):
        return self._refuse(_("Payments are not part of the stand-in."))

    def send_payment(self):
        return self._refuse(_("Payments are not part of the stand-in."))

    def _refuse(self, message):
        return notification(_("Cycle"), message, "danger")

    def open_cycle_form(self):
        entitlements = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        payments = self.program_id.get_manager(constants.MANAGER_PAYMENT)
        shows_cash = entitlements and entitlements.IS_CASH_ENTITLEMENT and payments
        return {
            "name": _("Cycle"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.cycle",
            "res_id": self.id,
            "view_mode": "form",
            "view_id": self.env.ref("g2p_programs.view_cycle_form").id,
            "context": {"hide_cash": not shows_cash},
            "target": "current",
        }

    def open_members_form(self):
        self.ensure_one()
        return {
            "name": _("Cycle Members"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.cycle.membership",
            "view_mode": "list,form",
            "domain": [("cycle_id", "=", self.id)],
            "context": {
                "create": False,
                "default_cycle_id": self.id,
                "search_default_enrolled_state": 1,
            },
        }

    def open_entitlements_form(self):
        return self._get_entitlement_manager().open_entitlements_form(self)

    def open_payments_form(self):
        self.ensure_one()
        return {
            "name": _("Payments"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.payment",
            "view_mode": "list,form",
            "domain": [("entitlement_id", "in", self.entitlement_ids.ids)],
            "context": {"create": False},
        }

    def _get_related_job_domain(self):
        # A trap, kept: every job on a model whose name contains g2p.cycle must have a
        # recordset of cycles as its first argument.
        jobs = self.env["queue.job"].search([("model_name", "like", self._name)])
        related = jobs.filtered(lambda job: self in job.args[0])
        return [("id", "in", related.ids)]

    def unlink(self):
        drafts = self.filtered(lambda cycle: cycle.state == "draft")
        if not drafts:
            raise ValidationError(_("Only drafts can be deleted."))
        if "approved" in drafts.entitlement_ids.mapped("state"):
            raise ValidationError(_("A cycle with approved entitlements cannot be deleted."))
        if all("draft" in cycle.entitlement_ids.mapped("state") for cycle in drafts):
            raise ValidationError(_("A cycle with entitlements cannot be deleted."))
        if drafts.cycle_membership_ids:
            raise ValidationError(_("A cycle with beneficiaries cannot be deleted."))
        # All of them, those that are no drafts included, as on the platform.
        return super().unlink()
