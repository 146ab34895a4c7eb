from babel.dates import format_interval

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date
from odoo.tools.misc import babel_locale_parse, get_lang

from .attendance_criteria_mixin import FIRST_DAY_OF_ALL

DRAFT, APPROVED, REVOKED = "draft", "approved", "revoked"
EVERYBODY, PARTNERS, AREAS, LOCATIONS = "everybody", "partners", "areas", "locations"
# In which field stands who is meant.
SCOPE_FIELDS = {PARTNERS: "partner_ids", AREAS: "area_ids", LOCATIONS: "location_ids"}
# What was resolved: as it was approved, it stays.
RESOLVED_FIELDS = (
    "name",
    "legal_basis",
    "document",
    "document_name",
    "from_date",
    "to_date",
    "program_id",
    "cycle_id",
    "scope",
    *SCOPE_FIELDS.values(),
)


class AttendanceWaiver(models.Model):
    """Days that are free by resolution: absences on them don't count, once it is approved."""

    _name = "spp.attendance.waiver"
    _inherit = ["mail.thread", "spp.attendance.guard.mixin"]
    _description = "Attendance Waiver"
    _order = "from_date desc, id desc"

    name = fields.Char("Reason", required=True, tracking=True, help="In a word, such as: Flood.")
    legal_basis = fields.Char(
        required=True, tracking=True, help="What was resolved, such as: Resolution 12/2026."
    )
    # In the record itself: whoever may write it might replace an attachment after the approval.
    document = fields.Binary("Resolution", attachment=False)
    document_name = fields.Char("File Name of the Resolution", tracking=True)
    from_date = fields.Date("First Day", required=True, tracking=True)
    to_date = fields.Date("Last Day", required=True, tracking=True)
    program_id = fields.Many2one(
        "g2p.program", required=True, ondelete="restrict", index=True, tracking=True
    )
    cycle_id = fields.Many2one(
        "g2p.cycle",
        ondelete="restrict",
        tracking=True,
        help="Empty: the days are free in each cycle of the program that counts them.",
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True)
    scope = fields.Selection(
        [
            (EVERYBODY, "Everybody"),
            (PARTNERS, "Chosen persons or households"),
            (AREAS, "Who lives in an area"),
            (LOCATIONS, "Who goes to a location"),
        ],
        "For",
        required=True,
        default=EVERYBODY,
        tracking=True,
    )
    # Archived ones are meant, too. None of them can be deleted.
    partner_ids = fields.Many2many(
        "res.partner",
        "spp_attendance_waiver_partner_rel",
        "waiver_id",
        "partner_id",
        "Persons and Households",
        ondelete="restrict",
        context={"active_test": False},
        tracking=True,
        help="A household stands for all of its members.",
    )
    area_ids = fields.Many2many(
        "spp.area",
        "spp_attendance_waiver_area_rel",
        "waiver_id",
        "area_id",
        "Areas",
        ondelete="restrict",
        tracking=True,
        help="With the areas that lie in them.",
    )
    location_ids = fields.Many2many(
        "spp.res.config.attendance.location",
        "spp_attendance_waiver_location_rel",
        "waiver_id",
        "location_id",
        "Locations",
        ondelete="restrict",
        context={"active_test": False},
        tracking=True,
    )
    has_areas = fields.Boolean(compute="_compute_has_areas")
    state = fields.Selection(
        [(DRAFT, "Draft"), (APPROVED, "Approved"), (REVOKED, "Revoked")],
        required=True,
        readonly=True,
        default=DRAFT,
        copy=False,
        tracking=True,
    )
    approved_by_id = fields.Many2one(
        "res.users", "Approved by", readonly=True, copy=False, ondelete="restrict"
    )
    approved_at = fields.Datetime("Approved on", readonly=True, copy=False)
    revoked_by_id = fields.Many2one(
        "res.users", "Revoked by", readonly=True, copy=False, ondelete="restrict"
    )
    revoked_at = fields.Datetime("Revoked on", readonly=True, copy=False)
    revoked_reason = fields.Text("Why Revoked", readonly=True, copy=False)

    @api.model
    def _has_areas(self):
        return "area_id" in self.env["res.partner"]._fields

    def _compute_has_areas(self):
        self.has_areas = self._has_areas()

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Offer areas only where registrants have one."""
        found = super().fields_get(allfields, attributes)
        scope = found.get("scope", {})
        if "selection" in scope and not self._has_areas():
            scope["selection"] = [each for each in scope["selection"] if each[0] != AREAS]
        return found

    @api.depends("name", "from_date", "to_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for waiver in self:
            waiver.display_name = waiver._get_reason()

    def _get_reason(self):
        """Return the reason and the days, as the reader's language writes them.

        Such as "Flood, 1–9 Nov 2026".
        """
        self.ensure_one()
        if not (self.name and self.from_date and self.to_date):
            return self.name or _("New")
        locale = babel_locale_parse(get_lang(self.env).code)
        days = format_interval(self.from_date, self.to_date, skeleton="yMMMd", locale=locale)
        return f"{self.name}, {days}"

    # What may be entered

    @api.onchange("program_id")
    def _onchange_program_id(self):
        if self.cycle_id.program_id != self.program_id:
            self.cycle_id = False

    @api.constrains("name", "legal_basis")
    def _check_texts(self):
        if not all((text or "").strip() for each in self for text in (each.name, each.legal_basis)):
            raise ValidationError(
                _("Enter the reason and the legal basis: whoever asks later has to understand it.")
            )

    @api.constrains("from_date", "to_date")
    def _check_days(self):
        for waiver in self:
            if not (waiver.from_date and waiver.to_date):
                continue  # PostgreSQL refuses it in a moment
            if waiver.from_date > waiver.to_date:
                raise ValidationError(
                    _(
                        "%(name)s would last from %(first)s to %(last)s. Correct the days: the "
                        "last one must not be before the first one.",
                        name=waiver.name,
                        first=format_date(self.env, waiver.from_date),
                        last=format_date(self.env, waiver.to_date),
                    )
                )
            if waiver.from_date < FIRST_DAY_OF_ALL:
                raise ValidationError(
                    _(
                        "%(name)s would begin on %(first)s. Correct the first day: no attendance "
                        "is older than %(oldest)s.",
                        name=waiver.name,
                        first=fields.Date.to_string(waiver.from_date),
                        oldest=format_date(self.env, FIRST_DAY_OF_ALL),
                    )
                )

    @api.constrains("program_id", "cycle_id")
    def _check_cycle(self):
        for waiver in self.sudo():
            if waiver.cycle_id and waiver.cycle_id.program_id != waiver.program_id:
                raise ValidationError(
                    _(
                        "%(cycle)s is no cycle of %(program)s. Choose one of its cycles, or none: "
                        "then the days are free in all of them.",
                        cycle=waiver.cycle_id.name,
                        program=waiver.program_id.name,
                    )
                )

    @api.constrains("scope", *SCOPE_FIELDS.values())
    def _check_scope(self):
        for waiver in self.sudo():
            if waiver.scope == AREAS and not self._has_areas():
                raise ValidationError(
                    _(
                        "Registrants have no area on this platform. Choose persons, a location or "
                        "everybody."
                    )
                )
            if waiver.scope in SCOPE_FIELDS and not waiver[SCOPE_FIELDS[waiver.scope]]:
                raise ValidationError(
                    _("Choose for whom the days of %(name)s are free.", name=waiver.name)
                )
            other = waiver.partner_ids.filtered(lambda partner: not partner.is_registrant)
            if other:
                raise ValidationError(
                    _(
                        "%(name)s is no registrant. Choose persons and households of the registry.",
                        name=other[0].name,
                    )
                )

    # Drafts are changed, resolutions are not

    @api.model
    def _get_attendance_guarded_fields(self):
        return {
            "company_id",
            "state",
            "approved_by_id",
            "approved_at",
            "revoked_by_id",
            "revoked_at",
            "revoked_reason",
        }

    @api.model
    def _explain_attendance_guard(self):
        return _("A waiver is approved and revoked with its buttons, by a program manager.")

    @api.model_create_multi
    def create(self, vals_list):
        waivers = super().create(vals_list)
        waivers._empty_other_scopes()
        return waivers

    def write(self, vals):
        if not set(RESOLVED_FIELDS).isdisjoint(vals):
            self._refuse_unless_draft()
        result = super().write(vals)
        if not {"scope", *SCOPE_FIELDS.values()}.isdisjoint(vals):
            self._empty_other_scopes()
        return result

    def _empty_other_scopes(self):
        for waiver in self:
            for scope, name in SCOPE_FIELDS.items():
                if scope != waiver.scope and waiver[name]:
                    waiver[name] = False

    @api.ondelete(at_uninstall=False)
    def _refuse_unless_draft(self):
        for waiver in self.sudo():
            if waiver.state != DRAFT:
                raise UserError(
                    _(
                        "%(name)s was approved, and stays as it is: it says why verdicts were "
                        "given. Revoke it, and make a new one.",
                        name=waiver.name,
                    )
                )

    # Approved, revoked

    def action_approve(self):
        """Let the days be free, from the next run on."""
        self.ensure_one()
        self._check_may_decide()
        if self.state != DRAFT:
            raise UserError(_("%(name)s is approved or revoked already.", name=self.name))
        self._as_attendance_writer().write(
            {
                "state": APPROVED,
                "approved_by_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )

    def action_revoke(self):
        """Ask why, then let the days count again."""
        self.ensure_one()
        self._check_can_revoke()
        return {
            "type": "ir.actions.act_window",
            "name": _("Revoke the Waiver"),
            "res_model": "spp.attendance.waiver.revoke",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_waiver_id": self.id},
        }

    def _revoke(self, reason):
        """Let the days count again, from the next run on.

        :param str reason: why, for whoever asks later
        :raise UserError: if it is not in force
        """
        self._check_can_revoke()
        self._as_attendance_writer().write(
            {
                "state": REVOKED,
                "revoked_by_id": self.env.uid,
                "revoked_at": fields.Datetime.now(),
                "revoked_reason": reason,
            }
        )

    def _check_can_revoke(self):
        self._check_may_decide()
        if self.state != APPROVED:
            raise UserError(_("Only a waiver that is approved can be revoked."))

    @api.model
    def _check_may_decide(self):
        if not self.env["g2p.cycle"]._may_run_attendance():
            raise AccessError(_("Only program managers may approve or revoke waivers."))

    # For runs

    @api.model
    def _get_in_force(self, cycle, first, last):
        """Return the approved waivers of a cycle, or of its program, that overlap some days.

        :param cycle: the cycle that counts them
        :param date first: the first of the days
        :param date last: the last of the days
        :return: in the order of their first days, as the superuser
        """
        domain = self._get_domain_in_force(cycle, first, last)
        return self.sudo().search(domain, order="from_date, id")

    @api.model
    def _get_domain_in_force(self, cycle, first, last):
        return [("state", "=", APPROVED), *self._get_overlapping_domain(cycle, first, last)]

    @api.model
    def _get_overlapping_domain(self, cycle, first, last):
        return [
            ("program_id", "=", cycle.sudo().program_id.id),
            ("cycle_id", "in", [cycle.id, False]),
            ("from_date", "<=", last),
            ("to_date", ">=", first),
        ]

    def _get_areas(self):
        """Return the areas, and those that lie in them."""
        return self.area_ids.search([("id", "child_of", self.area_ids.ids)])


class G2PCycle(models.Model):
    _inherit = "g2p.cycle"

    attendance_waiver_count = fields.Integer(
        "Waivers", compute="_compute_attendance_waiver_count", help="Those that are in force."
    )

    @api.depends("attendance_period", "from_date", "to_date", "start_date", "end_date")
    def _compute_attendance_waiver_count(self):
        waivers = self.env["spp.attendance.waiver"].sudo()
        for cycle in self:
            days = cycle._get_attendance_period()
            domain = all(days) and waivers._get_domain_in_force(cycle._origin, *days)
            cycle.attendance_waiver_count = domain and waivers.search_count(domain)

    def action_open_attendance_waivers(self):
        """Open the waivers that are, or may come to be, about the days that count."""
        self.ensure_one()
        self._check_can_count()
        first, last = self._get_attendance_period()
        waivers = self.env["spp.attendance.waiver"]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_cycle_attendance_compliance.action_attendance_waiver"
        )
        return {
            **action,
            "domain": waivers._get_overlapping_domain(self, first, last),
            "context": {"default_program_id": self.program_id.id},
        }


class MergePartner(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Name nobody twice in a waiver: Odoo would leave one that can't be deleted then."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM spp_attendance_waiver_partner_rel AS named
                USING spp_attendance_waiver_partner_rel AS other
                WHERE other.waiver_id = named.waiver_id
                    AND named.partner_id = ANY(%(merged)s)
                    AND other.partner_id = ANY(%(merged)s)
                    AND named.partner_id != %(kept)s
                    AND (other.partner_id = %(kept)s OR other.partner_id < named.partner_id)
                """,
                merged=(src_partners + dst_partner).ids,
                kept=dst_partner.id,
            )
        )
        self.env.invalidate_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
