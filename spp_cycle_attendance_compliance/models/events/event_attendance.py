import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date
from odoo.tools.sql import create_index

from ..unchecked_many2one import UncheckedMany2one
from .event_data import ATTENDANCE_MODEL, EVENT_MIXIN

PRESENT, ABSENT, EXCUSED, UNKNOWN = "present", "absent", "excused", "unknown"
# An attendance of a source counts for one person of a company, whoever writes at the same time.
# What is withdrawn counts for nobody: its id tells it from all others.
COUNTS_ONCE = SQL(
    """(
        event_data_external_id, source_id, coalesce(company_id, 0),
        (CASE WHEN withdrawn THEN id ELSE 0 END)
    ) WHERE event_data_external_id > 0 AND individual_id IS NOT NULL"""
)
# The same of what came in files.
COUNTS_ONCE_IN_FILES = SQL(
    """(
        file_record, source_id, coalesce(company_id, 0), (CASE WHEN withdrawn THEN id ELSE 0 END)
    ) WHERE file_record IS NOT NULL AND individual_id IS NOT NULL"""
)
# Of Odoo's palette: green, orange, blue, and grey for what nobody knows or what counts no more.
COLORS = {PRESENT: 10, ABSENT: 2, EXCUSED: 4, UNKNOWN: 0}
TIME_FORMAT = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


class EventAttendance(models.Model):
    """That a person came, or did not, on a day: the only truth that verdicts are made from.

    Fetched from an attendance system by runs, or recorded by hand. Never deleted: what turns out
    wrong is withdrawn, and counts no more.
    """

    _name = "spp.event.attendance"
    _inherit = [*EVENT_MIXIN, "spp.attendance.guard.mixin"]
    _description = "Attendance"
    _order = "attendance_date desc, attendance_time desc, id desc"

    # Each has one, but for some that the earlier module left without: see `_check_individual_id`.
    individual_id = fields.Many2one(
        "res.partner",
        "Person",
        ondelete="restrict",
        domain=[("is_registrant", "=", True), ("is_group", "=", False)],
    )
    company_id = UncheckedMany2one(related="individual_id.company_id", store=True)
    attendance_date = fields.Date("Date", required=True, default=fields.Date.context_today)
    attendance_time = fields.Char("Time", help="24 hours, as 09:30 or 09:30:00.")
    attendance_type_id = UncheckedMany2one("spp.res.config.attendance.type", "Type")
    attendance_location_id = UncheckedMany2one("spp.res.config.attendance.location", "Location")
    attendance_category = fields.Selection(
        [
            (PRESENT, "Present"),
            (ABSENT, "Absent"),
            (EXCUSED, "Excused"),
            (UNKNOWN, "Unknown"),
        ],
        "Presence",
        required=True,
        default=PRESENT,
        help="Unknown: it may be a presence or an absence.",
    )
    excuse_reason_id = UncheckedMany2one(
        "spp.attendance.excuse.reason", "Reason", help="Why who did not come is excused."
    )
    attendance_description = fields.Text("Description")
    attendance_external_url = fields.Char("Link")
    submitted_by = fields.Char(default=lambda self: self.env.user.name)
    submitted_datetime = fields.Char(
        "Submitted on",
        default=lambda self: fields.Datetime.to_string(fields.Datetime.now()),
        help="In UTC when recorded here; as the attendance system says otherwise.",
    )
    submission_source = fields.Char()
    source_id = UncheckedMany2one("spp.attendance.source", readonly=True, copy=False)
    event_data_source = fields.Char(
        "Address of the Source", readonly=True, copy=False, help="When the attendance came first."
    )
    event_data_external_id = fields.Integer("External ID", readonly=True, copy=False)
    file_record = fields.Char(
        "Record of a File",
        readonly=True,
        copy=False,
        help="What tells it from others of its source: the file's own record ID, or person, day, "
        "type, location and time.",
    )
    is_fetched = fields.Boolean(
        "From a Source", compute="_compute_is_fetched", search="_search_is_fetched"
    )
    intake_id = UncheckedMany2one("spp.attendance.intake", "Brought by", readonly=True, copy=False)
    run_id = fields.Many2one(related="intake_id.run_id")
    last_seen_intake_id = fields.Many2one(
        "spp.attendance.intake",
        "Last Seen by",
        compute="_compute_last_seen_intake_id",
        help="The last intake that asked for this attendance and got it.",
    )
    # Plain columns, for groups and filters: an event recorded by hand has no intake.
    cycle_id = UncheckedMany2one(related="intake_id.cycle_id", store=True)
    program_id = UncheckedMany2one(related="intake_id.program_id", store=True)
    withdrawn = fields.Boolean(readonly=True, copy=False, help="Counts no more.")
    withdrawn_note = fields.Char("Note", compute="_compute_words")
    words = fields.Char("In Words", compute="_compute_words")
    color = fields.Integer(compute="_compute_color")
    withdrawn_intake_id = UncheckedMany2one(
        "spp.attendance.intake",
        "Withdrawn by",
        readonly=True,
        copy=False,
        help="The intake to which the attendance system did not show it any more.",
    )
    moved_to_id = UncheckedMany2one(
        "res.partner",
        "Now of",
        readonly=True,
        copy=False,
        help="The person of whom the attendance system tells it now. It counts for her alone.",
    )
    change_ids = fields.One2many("spp.event.attendance.change", "event_id", "Changes")

    def init(self):
        result = super().init()
        # Also finds whose an attendance of a source is, or was.
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS spp_event_attendance_external_unique"
                " ON spp_event_attendance %s",
                COUNTS_ONCE,
            )
        )
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS spp_event_attendance_file_unique"
                " ON spp_event_attendance %s",
                COUNTS_ONCE_IN_FILES,
            )
        )
        # A person's of some days. The unique index leaves some out, so it can't serve for that.
        create_index(
            self.env.cr,
            "spp_event_attendance_individual_date_index",
            self._table,
            ["individual_id", "attendance_date"],
        )
        # The newest days come first, among millions; and those of a year are counted, by month and
        # category, without reading them. It is small: each of its entries stands for many.
        create_index(
            self.env.cr,
            "spp_event_attendance_date_index",
            self._table,
            ["attendance_date", "attendance_category", "withdrawn", "company_id"],
        )
        # Find at once that nothing of somebody was given to somebody else, nor to her.
        for name, column in (("moved", "individual_id"), ("moved_to", "moved_to_id")):
            create_index(
                self.env.cr,
                f"spp_event_attendance_{name}_index",
                self._table,
                [column],
                where="moved_to_id IS NOT NULL",
            )
        return result

    @api.model
    def _get_attendance_guarded_fields(self):
        return {
            "source_id",
            "event_data_source",
            "event_data_external_id",
            "file_record",
            "intake_id",
            "withdrawn_intake_id",
            "moved_to_id",
            "cycle_id",
            "program_id",
            "company_id",
            "change_ids",
        }

    @api.model
    def _explain_attendance_guard(self):
        return _(
            "Only what comes from an attendance system has these fields: %(fields)s. "
            "Leave them out.",
            fields=", ".join(sorted(self._get_attendance_guarded_fields())),
        )

    @api.depends("words", "attendance_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for event in self:
            day = event.attendance_date and format_date(self.env, event.attendance_date)
            event.display_name = " · ".join(filter(None, (event.words, day)))

    @api.depends("individual_id", "attendance_category", "attendance_type_id", "withdrawn")
    @api.depends_context("lang")
    def _compute_words(self):
        presences = dict(self._fields["attendance_category"]._description_selection(self.env))
        for event in self:
            event.withdrawn_note = _("Withdrawn") if event.withdrawn else ""
            presence = presences.get(event.attendance_category)
            facts = (
                event.individual_id.name,
                event.withdrawn and presence,
                event.attendance_type_id.name,
            )
            # What counts comes first: a calendar cuts the rest.
            event.words = _(
                "%(presence)s: %(facts)s",
                presence=event.withdrawn_note or presence,
                facts=", ".join(filter(None, facts)),
            )

    @api.depends("attendance_category", "withdrawn")
    def _compute_color(self):
        for event in self:
            event.color = 0 if event.withdrawn else COLORS.get(event.attendance_category, 0)

    @api.depends("source_id", "event_data_external_id", "file_record")
    def _compute_is_fetched(self):
        for event in self:
            is_told = event.event_data_external_id or event.file_record
            event.is_fetched = bool(event.source_id and is_told)

    @api.model
    def _search_is_fetched(self, operator, value):
        if operator not in ("=", "!=", "in", "not in"):
            raise ValueError(f"is_fetched can't be compared with {operator}")
        wanted = {bool(each) for each in (value if operator in ("in", "not in") else [value])}
        if operator in ("!=", "not in"):
            wanted = {True, False} - wanted
        if len(wanted) != 1:
            return [(1, "=", 1)] if wanted else [(0, "=", 1)]
        if True in wanted:
            return ["|", ("event_data_external_id", ">", 0), ("file_record", "!=", False)]
        return [("event_data_external_id", "in", (0, False)), ("file_record", "=", False)]

    def _compute_last_seen_intake_id(self):
        for event in self:
            event.last_seen_intake_id = event._get_last_seen_intake()

    def _get_last_seen_intake(self):
        """Return the last intake that asked for this event's person, day, type and location.

        Nothing is written on an event that is seen again unchanged. But an intake that had asked
        for it and not seen it would have withdrawn it: so who asked last before that has seen it.
        """
        self.ensure_one()
        if not self.is_fetched:
            return self.intake_id
        asked = (
            self.env["spp.attendance.answer"]
            .sudo()
            .search([("partner_id", "=", self.individual_id.id)], order="id")
        )
        # The one that withdrew it, and what came after, did not see it.
        missed = asked.filtered(lambda answer: answer.intake_id == self.withdrawn_intake_id)
        if missed:
            asked = asked[: asked.ids.index(missed[0].id)]
        domain = [
            ("answer", "=", "known"),
            ("intake_id.source_id", "=", self.source_id.id),
            ("intake_id.from_date", "<=", self.attendance_date),
            ("intake_id.to_date", ">=", self.attendance_date),
            ("intake_id.attendance_type_id", "in", (False, self.attendance_type_id.id)),
            ("intake_id.attendance_location_id", "in", (False, self.attendance_location_id.id)),
        ]
        pair = self.attendance_type_id.id, self.attendance_location_id.id
        seen = asked.filtered_domain(domain).intake_id.filtered(lambda each: each._covers(*pair))
        return seen[-1:] or self.intake_id

    # Recording by hand

    @api.constrains("individual_id")
    def _check_individual_id(self):
        for event in self:
            if not event.individual_id:
                raise ValidationError(_("Choose the person whose attendance this is."))
            if event.individual_id.is_group or not event.individual_id.is_registrant:
                raise ValidationError(
                    _(
                        "%(name)s is no person of the registry. Attendance is recorded for "
                        "persons: choose the member of the household who came.",
                        name=event.individual_id.display_name,
                    )
                )

    @api.constrains("attendance_type_id", "attendance_location_id", "excuse_reason_id")
    def _check_categories(self):
        """Do what a foreign key would, for those recorded by hand."""
        for category in (self.attendance_type_id, self.attendance_location_id):
            if category != category.exists():
                raise ValidationError(
                    _("The type or location does not exist any more. Choose another one.")
                )
        if self.excuse_reason_id != self.excuse_reason_id.exists():
            raise ValidationError(_("The reason does not exist any more. Choose another one."))

    @api.constrains("attendance_time")
    def _check_attendance_time(self):
        for event in self:
            if event.attendance_time and not TIME_FORMAT.fullmatch(event.attendance_time):
                raise ValidationError(
                    _(
                        "%(time)s is no time of a day. Write it as 09:30 or 09:30:00.",
                        time=event.attendance_time,
                    )
                )

    @api.constrains("attendance_external_url")
    def _check_attendance_external_url(self):
        for event in self:
            url = event.attendance_external_url or "https://"
            if not url.startswith(("https://", "http://")):
                raise ValidationError(_("A link begins with https:// or http://."))

    @api.model_create_multi
    def create(self, vals_list):
        """Record attendances by hand, each with its event on the registrant's page."""
        events = super().create(vals_list)
        events._check_individual_id()
        if "attendance_event_data_id" not in self.env.context:
            events._create_event_data()
        return events

    def _create_event_data(self):
        # The platform ends the active event of a person when the next one is created.
        for event in self.sorted(lambda event: (event.attendance_date, event.id)):
            self.env["spp.event.data"].sudo().create(event._prepare_event_data_vals())

    def _prepare_event_data_vals(self):
        self.ensure_one()
        return {
            "model": ATTENDANCE_MODEL,
            "res_id": self.id,
            "partner_id": self.individual_id.id,
            "collection_date": self.attendance_date,
            "registrar": self.submitted_by,
        }

    def write(self, vals):
        """Correct attendances, and keep what they were before."""
        self._refuse_attendance_guarded(vals)
        if not self._is_attendance_writer():
            self._check_may_correct()
            self._check_says_why(vals)
        before = [event._get_traced_values() for event in self]
        moved = self.individual_id if "individual_id" in vals else self.env["res.partner"]
        res = super().write(vals)
        changes = self.env["spp.event.attendance.change"].sudo()._as_attendance_writer()
        changes._log(self, before, self.env.context.get("attendance_withdrawn_because"))
        if not vals.keys().isdisjoint(("individual_id", "attendance_date", "withdrawn")):
            self._update_event_data(moved)
        return res

    def _update_event_data(self, former_individuals):
        event_data = self.env["spp.event.data"].sudo()
        for event in self:
            event_data.search([("model", "=", ATTENDANCE_MODEL), ("res_id", "=", event.id)]).write(
                {"partner_id": event.individual_id.id, "collection_date": event.attendance_date}
            )
        event_data._refresh_active_attendance((former_individuals | self.individual_id).ids)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            _("An attendance is never deleted. If it is wrong, correct it or withdraw it.")
        )

    def _check_may_correct(self):
        if any(event.is_fetched for event in self):
            raise UserError(
                _(
                    "An attendance that came from the attendance system can't be changed here. "
                    "Have it corrected there; the next run brings the correction."
                )
            )

    def _check_says_why(self, vals):
        """Refuse to withdraw without a reason, also where no dialog asks for one."""
        says_why = self.env.context.get("attendance_withdrawn_because")
        if vals.get("withdrawn") and not says_why and not all(self.mapped("withdrawn")):
            raise UserError(
                _("An attendance is withdrawn for a reason: press Withdraw on its page.")
            )

    def action_withdraw(self):
        """Ask why, then have an attendance that was recorded by hand count no more."""
        self.ensure_one()
        self._check_may_correct()
        return {
            "type": "ir.actions.act_window",
            "name": _("Withdraw the Attendance"),
            "res_model": "spp.attendance.withdraw",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_event_id": self.id},
        }

    def _withdraw(self, reason):
        """Have attendances that were recorded by hand count no more.

        :param str reason: why, for whoever asks later
        """
        self.with_context(attendance_withdrawn_because=reason).write({"withdrawn": True})

    def action_restore(self):
        """Have withdrawn attendances that were recorded by hand count again."""
        self.write({"withdrawn": False})

    # What the platform asks of a kind of event

    @api.model
    def get_view_id(self):
        """Return the form that the platform's "Open Form" shows."""
        form = self.env.ref("spp_cycle_attendance_compliance.view_spp_event_attendance_form", False)
        return form.id if form else super().get_view_id()

    def _get_traced_values(self):
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_export(self[name], self)
            for name in self.env["spp.event.attendance.change"]._get_traced_fields()
        }
