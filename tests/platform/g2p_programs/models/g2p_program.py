from odoo import _, api, fields, models
from odoo.exceptions import UserError

from . import constants
from .notification import notification


class G2PProgram(models.Model):
    _name = "g2p.program"
    _inherit = ["mail.thread", "mail.activity.mixin", "job.relate.mixin"]
    _description = "Program"
    _order = "id desc"
    _check_company_auto = True

    MANAGER_ELIGIBILITY = constants.MANAGER_ELIGIBILITY
    MANAGER_CYCLE = constants.MANAGER_CYCLE
    MANAGER_PROGRAM = constants.MANAGER_PROGRAM
    MANAGER_ENTITLEMENT = constants.MANAGER_ENTITLEMENT
    MANAGER_DEDUPLICATION = constants.MANAGER_DEDUPLICATION
    MANAGER_NOTIFICATION = constants.MANAGER_NOTIFICATION
    MANAGER_PAYMENT = constants.MANAGER_PAYMENT
    MANAGER_MODELS = constants.MANAGER_MODELS

    name = fields.Char(required=True)
    description = fields.Text()
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    target_type = fields.Selection(
        [("group", "Group"), ("individual", "Individual")], default="group"
    )
    eligibility_managers = fields.Many2many("g2p.eligibility.manager")
    program_managers = fields.Many2many("g2p.program.manager")
    cycle_managers = fields.Many2many("g2p.cycle.manager")
    entitlement_managers = fields.Many2many("g2p.program.entitlement.manager")
    payment_managers = fields.Many2many("g2p.program.payment.manager")
    program_membership_ids = fields.One2many(
        "g2p.program_membership", "program_id", "Program Memberships"
    )
    have_members = fields.Boolean("Have Beneficiaries", compute="_compute_have_members", store=True)
    cycle_ids = fields.One2many("g2p.cycle", "program_id", "Cycles")
    date_ended = fields.Date()
    state = fields.Selection(
        [("active", "Active"), ("ended", "Ended")], "Status", default="active", readonly=True
    )
    journal_id = fields.Many2one(
        "account.journal",
        "Disbursement Journal",
        domain=[("beneficiary_disb", "=", True), ("type", "in", ("bank", "cash"))],
        default=lambda self: self._default_journal_id(),
    )
    eligible_beneficiaries_count = fields.Integer(
        "# Eligible Beneficiaries", compute="_compute_eligible_beneficiary_count"
    )
    beneficiaries_count = fields.Integer("# Beneficiaries", compute="_compute_beneficiary_count")
    cycles_count = fields.Integer("# Cycles", compute="_compute_cycle_count", store=True)
    active = fields.Boolean(default=True)
    # Set while a background task works on the program.
    locked = fields.Boolean(default=False)
    locked_reason = fields.Char()

    @api.model
    def _default_journal_id(self):
        return self.env["account.journal"].search(
            [("beneficiary_disb", "=", True), ("type", "in", ("bank", "cash"))], limit=1
        )

    @api.model_create_multi
    def create(self, vals_list):
        # One program at a time, as on the platform.
        return self.browse().concat(*(self._create_one(vals) for vals in vals_list))

    def _create_one(self, vals):
        program = super().create([vals])
        for field, wrapper_id in self.create_default_managers(program.id).items():
            program.write({field: [(4, wrapper_id)]})
        return program

    @api.model
    def create_default_managers(self, program_id):
        """Make the managers that a program has from the start; a wrapper's id per field."""
        wrappers = {}
        for field, models_by_wrapper in self.MANAGER_MODELS.items():
            for wrapper, model in models_by_wrapper.items():
                manager = self.env[model].create({"name": "Default", "program_id": program_id})
                wrappers[field] = (
                    self.env[wrapper]
                    .create({"program_id": program_id, "manager_ref_id": f"{model},{manager.id}"})
                    .id
                )
        return wrappers

    def unlink(self):
        # Stops at the first kind without managers, which is mostly the first kind: a program
        # that has its default managers is then refused by their foreign keys.
        for field in (
            "eligibility_managers",
            "program_managers",
            "cycle_managers",
            "entitlement_managers",
            "payment_managers",
        ):
            wrappers = self[field]
            if not wrappers:
                break
            for wrapper in wrappers:
                wrapper.manager_ref_id.unlink()
            wrappers.exists().unlink()
        return super().unlink()

    def toggle_active(self):
        for program in self.filtered("active"):
            cycles = program.cycle_ids.filtered(
                lambda c: c.state in ("draft", "to_approve", "approved")
            )
            for cycle in cycles:
                # Fails without an entitlement manager, as on the platform.
                program.get_manager(self.MANAGER_ENTITLEMENT).cancel_entitlements(cycle)
            cycles.write({"state": "cancelled"})
        return super().toggle_active()

    @api.depends("program_membership_ids")
    def _compute_have_members(self):
        for program in self:
            program.have_members = bool(program.program_membership_ids)

    def _compute_eligible_beneficiary_count(self):
        for program in self:
            program.eligible_beneficiaries_count = program.count_beneficiaries(["enrolled"])[
                "value"
            ]

    def _compute_beneficiary_count(self):
        for program in self:
            program.beneficiaries_count = program.count_beneficiaries()["value"]

    @api.depends("cycle_ids")
    def _compute_cycle_count(self):
        for program in self:
            program.cycles_count = self.env["g2p.cycle"].search_count(
                [("program_id", "=", program.id)]
            )

    @api.constrains(
        "entitlement_managers", "program_managers", "cycle_managers", "payment_managers"
    )
    def check_managers_limit(self):
        for program in self:
            if any(
                len(wrappers) > 1
                for wrappers in (
                    program.entitlement_managers,
                    program.program_managers,
                    program.cycle_managers,
                    program.payment_managers,
                )
            ):
                raise UserError(_("A program has one manager of a kind."))

    def get_manager(self, kind):
        """Return the manager behind the program's wrapper, or None without a wrapper."""
        self.ensure_one()
        wrappers = {
            self.MANAGER_CYCLE: self.cycle_managers,
            self.MANAGER_PROGRAM: self.program_managers,
            self.MANAGER_ENTITLEMENT: self.entitlement_managers,
            self.MANAGER_PAYMENT: self.payment_managers,
        }
        if kind not in wrappers:
            raise NotImplementedError("Manager not supported")
        if not wrappers[kind]:
            return None
        wrappers[kind].ensure_one()
        return wrappers[kind].manager_ref_id

    def get_managers(self, kind):
        """Return a plain list of managers: of eligibility managers there may be several."""
        self.ensure_one()
        if kind != self.MANAGER_ELIGIBILITY:
            raise NotImplementedError("Manager not supported")
        return [wrapper.manager_ref_id for wrapper in self.eligibility_managers]

    def get_beneficiaries(self, state=None, offset=0, limit=None, order=None, count=False):
        self.ensure_one()
        domain = [("program_id", "=", self.id)]
        if state is not None:
            domain.append(("state", "in", [state] if isinstance(state, str) else state))
        memberships = self.env["g2p.program_membership"]
        if count:
            return memberships.search_count(domain, limit=limit)
        return memberships.search(domain, offset=offset, limit=limit, order=order)

    def count_beneficiaries(self, state=None):
        domain = [("program_id", "=", self.id)]
        if state is not None:
            domain.append(("state", "in", state))
        return {"value": self.env["g2p.program_membership"].search_count(domain)}

    def enroll_eligible_registrants(self):
        if self.beneficiaries_count <= 0:
            raise UserError(_("The program has no registrants."))
        manager = self.get_manager(self.MANAGER_PROGRAM)
        if not manager:
            raise UserError(_("The program has no program manager."))
        return manager.enroll_eligible_registrants()

    def create_new_cycle(self):
        self.ensure_one()
        if self.beneficiaries_count <= 0:
            raise UserError(_("The program has no registrants."))
        if self.get_manager(self.MANAGER_CYCLE) is None:
            raise UserError(_("The program has no cycle manager."))
        if self.get_manager(self.MANAGER_PROGRAM) is None:
            raise UserError(_("The program has no program manager."))
        cycle = self.get_manager(self.MANAGER_PROGRAM).new_cycle()
        return notification(_("Cycle"), _("%(cycle)s was created.", cycle=cycle.name))

    def create_journal(self):
        account = self.env["account.account"].search([("account_type", "=", "asset_cash")], limit=1)
        for program in self:
            program.journal_id = self.env["account.journal"].create(
                {
                    "name": program.name,
                    "code": "".join(word[0].upper() for word in program.name.split()),
                    "type": "bank",
                    "beneficiary_disb": True,
                    "default_account_id": account.id,
                    "currency_id": program.company_id.currency_id.id,
                }
            )

    def open_eligible_beneficiaries_form(self):
        return self._open_records("g2p.program_membership", _("Beneficiaries"))

    def open_cycles_form(self):
        return self._open_records("g2p.cycle", _("Cycles"))

    def _open_records(self, model, name):
        self.ensure_one()
        return {
            "name": name,
            "type": "ir.actions.act_window",
            "res_model": model,
            "view_mode": "list,form",
            "domain": [("program_id", "=", self.id)],
            "context": {"create": False, "default_program_id": self.id},
        }

    def _get_related_job_domain(self):
        jobs = self.env["queue.job"].search([("model_name", "like", self._name)])
        related = jobs.filtered(lambda job: self in job.records.program_id)
        return [("id", "in", related.ids)]
