from odoo import _, api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import create_index

from ..verdicts import COMPLIANT, DAYS, EXEMPT, NO_DATA, NON_COMPLIANT, OVERRIDDEN, PERCENTAGE
from .unchecked_many2one import UncheckedMany2one

KNOWN, UNKNOWN, UNREADABLE = "known", "unknown", "unreadable"
NO_IDENTIFIER, SHARED_IDENTIFIER = "no_identifier", "shared_identifier"
NOT_ASKED = "not_asked"
RECORDED, UNRECORDED = "recorded", "unrecorded"
# The answers that say how often somebody came.
ANSWERS_WITH_DATA = (KNOWN, RECORDED)

VERDICTS = [
    (COMPLIANT, "Compliant"),
    (NON_COMPLIANT, "Non-Compliant"),
    (NO_DATA, "No Data"),
    (EXEMPT, "Exempt"),
]
STATUSES = [*VERDICTS, (OVERRIDDEN, "Overridden")]


class AttendanceRunLine(models.Model):
    """What a run found out about a registrant, and what it decided: the proof of a verdict.

    One line per membership, and for households one more per member.
    """

    _name = "spp.attendance.run.line"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Line of an Attendance Run"
    _order = "id"
    _log_access = False  # the run says who asked, and when

    run_id = UncheckedMany2one("spp.attendance.run", required=True, index=True)
    batch_id = UncheckedMany2one("spp.attendance.run.batch", index="btree_not_null")
    kind = fields.Selection(
        [("person", "Person"), ("household", "Household"), ("member", "Household Member")],
        required=True,
    )
    cycle_membership_id = fields.Many2one(
        "g2p.cycle.membership", "Membership", ondelete="set null", index="btree_not_null"
    )
    partner_id = fields.Many2one("res.partner", "Registrant", required=True, ondelete="restrict")
    household_line_id = fields.Many2one(
        "spp.attendance.run.line", "Household", ondelete="cascade", index="btree_not_null"
    )
    member_line_ids = fields.One2many("spp.attendance.run.line", "household_line_id", "Members")
    # What was found out.
    identifier = fields.Char("Person's ID", help="In the attendance system.")
    answer = fields.Selection(
        [
            (KNOWN, "Known to the attendance system"),
            (UNKNOWN, "Unknown to the attendance system"),
            (UNREADABLE, "The answer could not be read"),
            (NO_IDENTIFIER, "Has no ID of the type that the attendance system uses"),
            (SHARED_IDENTIFIER, "Has the same ID as another person"),
            (NOT_ASKED, "Was not asked for yet"),
            (RECORDED, "Attendance is recorded"),
            (UNRECORDED, "Nothing is recorded"),
        ],
    )
    digest = fields.Char(help="Of the answer, to tell quickly whether it is the same again.")
    answer_digest = fields.Char(help="Of the answer about all persons who were asked for at once.")
    note = fields.Char("Remark")
    number_of_attendance = fields.Integer("Attended", default=0)
    recorded = fields.Integer(default=0, help="Days or sessions attended or missed.")
    # What was decided.
    counts = fields.Boolean("Member Counts", default=True)
    members_counting = fields.Integer("Members that Count")
    members_meeting = fields.Integer("Members Who Attended Enough")
    members_without_data = fields.Integer()
    passes_criteria = fields.Boolean("Meets the Program's Compliance Criteria", default=True)
    override_id = fields.Many2one("spp.attendance.override", ondelete="restrict")
    verdict = fields.Selection(VERDICTS, help="What the attendance says.")
    status = fields.Selection(STATUSES)
    state_before = fields.Selection("_selection_state")
    state_after = fields.Selection("_selection_state")
    is_changing = fields.Boolean("Changes", help="The state of the membership changes.")
    is_exception = fields.Boolean("Exception", help="To be looked at by a person.")
    reason = fields.Char(compute="_compute_reason")

    def init(self):
        # Finds the last line about a person at once, in a table that only ever grows.
        name = f"{self._table}_partner_id_id_index"
        create_index(self.env.cr, name, self._table, ["partner_id", "id"])
        # A line is written three times: with room beside it, PostgreSQL leaves the indexes alone.
        self.env.cr.execute(
            SQL("ALTER TABLE %s SET (fillfactor = 50)", SQL.identifier(self._table))
        )

    @api.model
    def _selection_state(self):
        return self.env["g2p.cycle.membership"]._fields["state"]._description_selection(self.env)

    @api.depends("partner_id", "run_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.partner_id.name or ''}: {line.run_id.display_name or ''}"

    @api.depends_context("lang")
    def _compute_reason(self):
        for line in self:
            line.reason = line._get_reason()

    def _get_reason(self):
        """Return one sentence that says why the status is what it is."""
        self.ensure_one()
        if self.status == OVERRIDDEN:
            return self.override_id._get_reason()
        return self._get_verdict_sentence()

    def _get_verdict_sentence(self):
        """Return one sentence that says why the verdict, overrides aside, is what it is."""
        if not self.passes_criteria:
            return _("Does not meet the program's compliance criteria: non-compliant")
        found = self._describe_household() if self.kind == "household" else self._describe_person()
        if self.kind == "member" and not self.counts:
            return _("%(found)s: does not count", found=found)
        labels = dict(self._fields["verdict"]._description_selection(self.env))
        verdict = labels.get(self.verdict, "").lower()
        sentence = f"{found}: {verdict}" if verdict else found
        return f"{sentence}. {self.note}" if self.note else sentence

    def _describe_person(self):
        if self.answer and self.answer not in ANSWERS_WITH_DATA:
            return dict(self._fields["answer"]._description_selection(self.env))[self.answer]
        run = self.run_id
        values = {
            "attended": self.number_of_attendance,
            "recorded": self.recorded,
            "required": run._get_requirement().amount,
            "scope": run._describe_scope(),
        }
        by_percentage = run.attendance_requirement == PERCENTAGE
        if run.attendance_unit == DAYS and by_percentage:
            return _(
                "%(attended)s of %(recorded)s recorded days (%(required)s%% required), %(scope)s",
                **values,
            )
        if by_percentage:
            return _(
                "%(attended)s of %(recorded)s recorded sessions (%(required)s%% required), "
                "%(scope)s",
                **values,
            )
        if run.attendance_unit == DAYS:
            if not values["required"]:
                return _("%(attended)s days, none required, %(scope)s", **values)
            return _("%(attended)s of %(required)s days, %(scope)s", **values)
        if not values["required"]:
            return _("%(attended)s sessions, none required, %(scope)s", **values)
        return _("%(attended)s of %(required)s sessions, %(scope)s", **values)

    def _describe_household(self):
        if not self.members_counting:
            return _("No member counts")
        found = _(
            "%(meeting)s of %(counting)s members attended enough (%(needed)s)",
            meeting=self.members_meeting,
            counting=self.members_counting,
            needed=self.run_id._describe_needed_members(),
        )
        parts = [found, self.run_id._describe_scope()]
        if self.members_without_data:
            parts.insert(1, _("%(count)s without data", count=self.members_without_data))
        return ", ".join(parts)

    def action_open_registrant(self):
        """Open the person or household."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "view_mode": "form",
            "views": [[self._get_registrant_view_id(), "form"]],
        }

    def _get_registrant_view_id(self):
        if self.partner_id.is_group:
            return self.env.ref("g2p_registry_group.view_groups_form").id
        return self.env.ref("g2p_registry_individual.view_individuals_form").id
