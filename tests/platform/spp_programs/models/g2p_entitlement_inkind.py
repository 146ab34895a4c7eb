from uuid import uuid4

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.g2p_programs.models import constants
from odoo.addons.g2p_programs.models.notification import notification


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _description = "In-Kind Entitlement"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    code = fields.Char(
        default=lambda self: self._generate_code(), required=True, readonly=True, copy=False
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Registrant",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("is_registrant", "=", True)],
    )
    id_number = fields.Char()
    service_point_id = fields.Many2one("_unknown")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    # No index, as on the platform.
    cycle_id = fields.Many2one("g2p.cycle", required=True)
    program_id = fields.Many2one("g2p.program", related="cycle_id.program_id")
    product_id = fields.Many2one("product.product")
    qty = fields.Integer("QTY", default=1)
    unit_price = fields.Monetary("Value/Unit", currency_field="currency_id")
    # Neither of the two follows from the product or the price: who creates it fills them.
    uom_id = fields.Many2one("uom.uom", "Unit of Measure")
    total_amount = fields.Monetary("Total Value", currency_field="currency_id")
    journal_id = fields.Many2one("account.journal", compute="_compute_journal_id", store=True)
    currency_id = fields.Many2one("res.currency", related="journal_id.currency_id")
    valid_from = fields.Date()
    valid_until = fields.Date(default=lambda self: fields.Date.add(fields.Date.today(), years=1))
    date_approved = fields.Date()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("pending_validation", "Pending Validation"),
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

    _sql_constraints = [
        ("unique_entitlement_code", "UNIQUE(code)", "There is such a code already."),
    ]

    @api.model
    def _generate_code(self):
        return str(uuid4())[7:-8]

    @api.model
    def _get_view(self, view_id=None, view_type="list", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        user = self.env.user
        # Unlike with cash, registrars and mere validators are the ones refused. The check is
        # as leaky as there: views are cached without regard to the user.
        refused = user.has_group("g2p_registry_base.group_g2p_registrar") or (
            user.has_group("g2p_programs.g2p_program_validator")
            and not user.has_group("g2p_programs.g2p_program_cycle_approver")
        )
        if (
            view_type != "search"
            and refused
            and not user.has_group("g2p_registry_base.group_g2p_admin")
        ):
            raise ValidationError(_("You cannot see entitlements in kind."))
        return arch, view

    def _compute_name(self):
        for record in self:
            record.name = f"Entitlement: ({record.product_id.name})"

    @api.depends("cycle_id.program_id.journal_id")
    def _compute_journal_id(self):
        for record in self:
            record.journal_id = record.cycle_id.program_id.journal_id

    @api.autovacuum
    def _gc_mark_expired_entitlement(self):
        # Expires cash entitlements once more: those in kind never expire by themselves.
        self.env["g2p.entitlement"].search(
            [("state", "=", "approved"), ("valid_until", "<", fields.Date.today())]
        ).write({"state": "expired"})

    def unlink(self):
        # Looks at the first one only, as on the platform.
        if self and self[0].state != "draft":
            raise ValidationError(_("Only drafts can be deleted."))
        return super().unlink()

    def approve_entitlement(self):
        # Fails with AttributeError without an entitlement manager.
        manager = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        errors, message = manager.approve_entitlements(self)
        if errors:
            return notification(_("Entitlement"), message, "danger")
        return None

    def open_entitlement_form(self):
        manager = self.program_id.get_manager(constants.MANAGER_ENTITLEMENT)
        return manager.open_entitlement_form(self)
