from random import randint
from uuid import uuid4

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from . import constants
from .notification import notification


class G2PEntitlement(models.Model):
    _name = "g2p.entitlement"
    _description = "Entitlement"
    _order = "partner_id asc,id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    code = fields.Char(
        default=lambda self: self._generate_code(), required=True, readonly=True, copy=False
    )
    ern = fields.Char("ERN", compute="_compute_generate_ern", store=True, copy=False)
    partner_id = fields.Many2one(
        "res.partner", "Registrant", required=True, domain=[("is_registrant", "=", True)]
    )
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    # No index, as on the platform.
    cycle_id = fields.Many2one("g2p.cycle", required=True)
    program_id = fields.Many2one("g2p.program", related="cycle_id.program_id")
    valid_from = fields.Date()
    valid_until = fields.Date(default=lambda self: fields.Date.add(fields.Date.today(), years=1))
    is_cash_entitlement = fields.Boolean("Cash Entitlement", default=False)
    # Empty when the journal keeps the company's currency: a journal has one of its own only.
    currency_id = fields.Many2one("res.currency", related="journal_id.currency_id")
    initial_amount = fields.Monetary(required=True, currency_field="currency_id")
    transfer_fee = fields.Monetary(currency_field="currency_id", default=0.0)
    balance = fields.Monetary(compute="_compute_balance")
    journal_id = fields.Many2one(
        "account.journal", "Disbursement Journal", compute="_compute_journal_id", store=True
    )
    disbursement_id = fields.Many2one("account.payment", "Disbursement Journal Entry")
    service_fee_disbursement_id = fields.Many2one("account.payment", "Service Fee Journal Entry")
    date_approved = fields.Date()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("pending_validation", "Pending Approval"),
            ("approved", "Approved"),
            ("trans2FSP", "Transferred to FSP"),
            ("rdpd2ben", "Redeemed/Paid to Beneficiary"),
            ("rejected1", "Rejected: Beneficiary didn't want the entitlement"),
            ("rejected2", "Rejected: Beneficiary account does not exist"),
            ("rejected3", "Rejected: Other reason"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        "Status",
        default="draft",
        copy=False,
    )
    payment_ids = fields.One2many("g2p.payment", "entitlement_id", "Payments")
    payment_status = fields.Selection(
        [("paid", "Paid"), ("notpaid", "Not Paid")], compute="_compute_payment_status"
    )
    payment_date = fields.Date(compute="_compute_payment_status")

    _sql_constraints = [
        ("unique_entitlement_code", "UNIQUE(code)", "There is such a code already."),
    ]

    @api.model
    def _generate_code(self):
        return str(uuid4())[7:-8]

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        # Finance validators have a menu to the list and are refused here, as on the platform.
        # Views are cached without regard to the user: after somebody else has opened the
        # view, they see it.
        allowed = (
            "g2p_registry_base.group_g2p_admin",
            "g2p_registry_base.group_g2p_registrar",
            "g2p_programs.g2p_program_validator",
            "g2p_programs.g2p_program_manager",
        )
        user = self.env.user
        if view_type != "search" and not any(user.has_group(group) for group in allowed):
            raise ValidationError(_("You cannot see entitlements."))
        return arch, view

    def _compute_name(self):
        for record in self:
            if record.is_cash_entitlement:
                symbol, amount = record.currency_id.symbol, f"{record.initial_amount:,.2f}"
                record.name = f"Entitlement Cash [{symbol} {amount}]"
            else:
                record.name = f"Entitlement ({record.code})"

    @api.depends("initial_amount")
    def _compute_balance(self):
        for record in self:
            record.balance = record.initial_amount

    @api.depends("cycle_id.program_id.journal_id")
    def _compute_journal_id(self):
        for record in self:
            record.journal_id = record.cycle_id.program_id.journal_id

    @api.depends("state")
    def _compute_generate_ern(self):
        # Any other state takes the number away; approving again gives another one.
        for record in self:
            approved = record.state == "approved"
            record.ern = f"{randint(1, 10**10 - 1):010d}" if approved else False

    def _compute_payment_status(self):
        for record in self:
            paid = record.payment_ids.filtered(lambda payment: payment.status == "paid")[:1]
            record.payment_status = "paid" if paid else "notpaid"
            record.payment_date = paid.payment_datetime

    @api.constrains("valid_from", "valid_until")
    def _check_valid_dates(self):
        for record in self:
            if record.valid_from and record.valid_until and record.valid_until < record.valid_from:
                raise ValidationError(_("An entitlement cannot end before its start."))

    @api.autovacuum
    def _gc_mark_expired_entitlement(self):
        self.env["g2p.entitlement"].search(
            [("state", "=", "approved"), ("valid_until", "<", fields.Date.today())]
        ).write({"state": "expired"})

    def can_be_used(self):
        return self.state == "approved" and self.valid_until >= fields.Date.today()

    def unlink(self):
        drafts = self.filtered(lambda record: record.state == "draft")
        if self and not drafts:
            raise ValidationError(_("Only drafts can be deleted."))
        # Passes over the others in silence, as on the platform.
        return super(G2PEntitlement, drafts).unlink()

    def approve_entitlement(self):
        if len(self.program_id) > 1:
            raise ValidationError(_("Approve the entitlements of one program at a time."))
        manager = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        if not manager:
            raise UserError(_("The program has no entitlement manager."))
        errors, message = manager.approve_entitlements(self)
        if errors:
            return notification(_("Entitlement"), message, "danger")
        return None

    def open_entitlement_form(self):
        manager = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        return manager.open_entitlement_form(self)

    def open_disb_form(self):
        return None
