from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.sql import create_index

from ...verdicts import (
    COMPLIANT,
    ENROLLED_STATE,
    EXEMPT,
    NO_DATA,
    NON_COMPLIANT,
    OVERRIDDEN,
    UNDECIDED,
    WARNED,
    get_shown_status,
)
from ..intakes.attendance_answer import ANSWERS
from ..unchecked_many2one import UncheckedMany2one
from .draft import (
    NO_IDENTIFIER,
    NOT_ASKED,
    RECORDED,
    SHARED_IDENTIFIER,
    UNRECORDED,
)

VERDICTS = [
    (COMPLIANT, "Compliant"),
    (NON_COMPLIANT, "Non-Compliant"),
    (NO_DATA, "No Data"),
    (EXEMPT, "Exempt"),
]
STATUSES = [*VERDICTS, (WARNED, "Warned"), (OVERRIDDEN, "Overridden")]
# What people are shown: of who has no data, whether anything can be decided at all.
SHOWN_STATUSES = [*STATUSES, (UNDECIDED, "Not Decided")]
FINDINGS = [
    *ANSWERS,
    (NO_IDENTIFIER, "Has no ID of the type that the attendance system uses"),
    (SHARED_IDENTIFIER, "Has the same ID as another person"),
    (NOT_ASKED, "Was not asked for yet"),
    # Of runs before it was found out for each condition.
    ("silent", "Nothing came from where the person attends"),
    (RECORDED, "Attendance is recorded"),
    (UNRECORDED, "Nothing is recorded"),
]


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
    identifier = fields.Char(
        "Person's ID", groups="spp_cycle_attendance_compliance.group_identifiers"
    )
    finding = fields.Selection(FINDINGS, "Found")
    answer_id = UncheckedMany2one("spp.attendance.answer", "Answer")
    answered_at = fields.Datetime(
        related="answer_id.intake_id.answered_at",
        string="Answer of",
        help="When the attendance system said so.",
    )
    note = fields.Char("Remark")
    # Of the run, to be shown beside each verdict.
    program_id = fields.Many2one(related="run_id.program_id")
    cycle_id = fields.Many2one(related="run_id.cycle_id")
    decided_at = fields.Datetime(
        "Since",
        compute="_compute_decided",
        help="When it was applied, replaced, taken back, discarded or found to be outdated.",
    )
    decided_by_id = fields.Many2one("res.users", "By", compute="_compute_decided")
    number_of_attendance = fields.Integer("Attended", default=0)
    recorded = fields.Integer(default=0, help="Days or sessions of which there is a record.")
    unclear = fields.Integer(
        default=0, help="Of the recorded ones, those that may be attended or missed."
    )
    undated = fields.Integer("Unreadable", default=0, help="Records that can't be read at all.")
    # What was decided.
    counts = fields.Boolean("Member Counts", default=True)
    members_counting = fields.Integer("Members that Count")
    members_meeting = fields.Integer("Members Who Met")
    members_without_data = fields.Integer()
    members_exempt = fields.Integer("Members Who Are Exempt")
    members_undecided = fields.Integer("Members Who May Have Met")
    passes_criteria = fields.Boolean("Meets the Program's Compliance Criteria", default=True)
    override_id = fields.Many2one("spp.attendance.override", ondelete="restrict")
    verdict = fields.Selection(
        [*VERDICTS, (UNDECIDED, "Not Decided")],
        "By Attendance",
        help="What the attendance says.",
    )
    status = fields.Selection(STATUSES)
    shown_status = fields.Selection(
        SHOWN_STATUSES,
        "Verdict",
        compute="_compute_shown_status",
        search="_search_shown_status",
        help="What the run decided. Of a household's member, what was found of her.",
    )
    state_before = fields.Selection("_selection_state")
    state_after = fields.Selection("_selection_state")
    is_changing = fields.Boolean("Changes", help="The state of the membership changes.")
    is_exception = fields.Boolean("Exception", help="To be looked at by a person.")
    left_alone = fields.Selection(
        [
            ("changed", "Changed meanwhile"),
            ("joined", "Joined meanwhile"),
            ("state", "Paused, exited or not eligible"),
        ],
        "Not Applied",
        help="Why the run did not apply this verdict to the membership, which keeps what stood.",
    )
    world = fields.Char(
        groups="spp_cycle_attendance_compliance.group_identifiers",
        help="Of the identifiers, members and override that it was decided by, to tell quickly "
        "whether they are the same still.",
    )
    reason = fields.Char("Why", compute="_compute_reason")
    found = fields.Char("Attended or Met", compute="_compute_found")
    needed = fields.Char(
        compute="_compute_found", help="Of one condition over the whole period; else see why."
    )
    household_id = fields.Many2one(related="household_line_id.partner_id", string="Household of")
    has_condition = fields.Boolean(compute="_compute_found")
    proof = fields.Json(
        help="Of each condition and month: what was recorded, required and found; and which days "
        "were free."
    )
    starts_late = fields.Boolean("Absences Count from a Later Day")
    warning = fields.Integer("Warning Number", help="0: none.")
    failed_cycles = fields.Json(
        "Cycles Failed before", help="Those of the last ones that are counted for warnings."
    )
    letter_printed_at = fields.Datetime("Letter Printed on", help="The last time.")
    letter_printed_by_id = fields.Many2one("res.users", "Letter Printed by", ondelete="restrict")
    standing = fields.Selection(
        [
            ("stands", "Stands"),
            ("replaced", "Replaced"),
            ("left_alone", "Not applied"),
            ("taken_back", "Taken back"),
            ("waiting", "Not applied yet"),
            ("previewed", "Only previewed"),
            ("discarded", "Discarded"),
            ("outdated", "Outdated"),
        ],
        compute="_compute_standing",
        search="_search_standing",
        help="Whether this is the verdict that counts.",
    )

    def init(self):
        result = super().init()
        # Finds the lines about a person at once, in a table that only ever grows.
        name = f"{self._table}_partner_id_id_index"
        create_index(self.env.cr, name, self._table, ["partner_id", "id"])
        return result

    @api.model
    def _selection_state(self):
        return self.env["g2p.cycle.membership"]._fields["state"]._description_selection(self.env)

    @api.depends("partner_id", "run_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.partner_id.name or ''}: {line.run_id.display_name or ''}"

    # What is shown

    @api.depends("status", "verdict")
    def _compute_shown_status(self):
        for line in self:
            line.shown_status = get_shown_status(line.status, line.verdict)

    @api.model
    def _search_shown_status(self, operator, value):
        values = set(value if operator in ("in", "not in") else [value])
        if operator in ("!=", "not in"):
            values = {False, *dict(SHOWN_STATUSES)} - values
        found = []
        for each in values:
            of_member = ["&", ("status", "=", False), ("verdict", "=", each)]
            of_registrant = [("status", "=", each)]
            if each == NO_DATA:
                of_registrant = ["&", ("status", "=", NO_DATA), ("verdict", "!=", UNDECIDED)]
            elif each == UNDECIDED:
                of_registrant = ["&", ("status", "=", NO_DATA), ("verdict", "=", UNDECIDED)]
            elif not each:
                of_registrant = of_member
            found.append(["|", *of_registrant, *of_member])
        return ["|"] * (len(found) - 1) + sum(found, []) if found else [(0, "=", 1)]

    def _field_to_sql(self, alias, fname, query=None):
        """Group by what is shown, which is no column."""
        if fname != "shown_status":
            return super()._field_to_sql(alias, fname, query)
        self.flush_model(["status", "verdict"])
        return SQL(
            "CASE WHEN %(verdict)s = %(undecided)s AND coalesce(%(status)s, %(no_data)s) ="
            " %(no_data)s THEN %(undecided)s ELSE coalesce(%(status)s, %(verdict)s) END",
            status=self._field_to_sql(alias, "status", query),
            verdict=self._field_to_sql(alias, "verdict", query),
            no_data=NO_DATA,
            undecided=UNDECIDED,
        )

    # Which verdict stands

    @api.model
    def _get_standing(self, memberships):
        """Return the line that stands for each of some memberships that have one, by its id.

        Of the runs that were applied, the one with the highest number decides, unless it left the
        membership alone.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (line.cycle_membership_id) line.cycle_membership_id, line.id
                FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id
                WHERE line.cycle_membership_id = ANY(%s) AND line.kind != 'member'
                    AND line.left_alone IS NULL AND run.state = 'done'
                ORDER BY line.cycle_membership_id, run.applied_number DESC
                """,
                memberships.ids,
            )
        )
        found = dict(self.env.cr.fetchall())
        # Together, so that what is read of one is read of all.
        return dict(zip(found, self.sudo().browse(found.values()), strict=True))

    @api.depends("run_id.state", "left_alone")
    def _compute_standing(self):
        ids = {line.id for line in self._get_standing(self.cycle_membership_id).values()}
        for line in self:
            main = line.household_line_id if line.kind == "member" else line
            state = line.run_id.state
            if state == "done" and main.left_alone:
                line.standing = "left_alone"
            elif state == "done":
                line.standing = "stands" if main.id in ids else "replaced"
            elif state == "waiting":
                line.standing = "previewed" if line.run_id.mode == "preview" else "waiting"
            else:
                line.standing = state if state in ("taken_back", "outdated") else "discarded"

    def _get_replacing_runs(self):
        """Return the run that was applied next after each of these lines, by the line's id."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (line.id) line.id, later_run.id
                FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id AND run.state = 'done'
                JOIN spp_attendance_run_line AS later
                    ON later.cycle_membership_id = line.cycle_membership_id
                        AND later.kind != 'member' AND later.left_alone IS NULL
                JOIN spp_attendance_run AS later_run
                    ON later_run.id = later.run_id AND later_run.state = 'done'
                        AND later_run.applied_number > run.applied_number
                WHERE line.id = ANY(%s) AND line.left_alone IS NULL
                ORDER BY line.id, later_run.applied_number
                """,
                self.ids,
            )
        )
        return dict(self.env.cr.fetchall())

    @api.depends("run_id.state", "left_alone")
    def _compute_decided(self):
        replacing = self._get_replacing_runs()
        for line in self:
            run = line.sudo().run_id
            run = run.browse(replacing.get(line.id, run.id))
            line.decided_at = run.taken_back_at or run.finished_at
            line.decided_by_id = run.taken_back_by_id or run.decided_by_id

    @api.model
    def _search_standing(self, operator, value):
        values = set(value if operator in ("in", "not in") else [value])
        if operator not in ("=", "in") or values - {"stands"}:
            raise UserError(_("Only the verdicts that stand can be looked for by this."))
        self.flush_model()
        query = self.sudo()._search(
            [
                ("cycle_membership_id", "!=", False),
                ("kind", "!=", "member"),
                ("left_alone", "=", False),
            ]
        )
        # OFFSET keeps PostgreSQL from joining: a list needs some of the newest lines, and these
        # are looked at one by one in their indexes. All lines of all runs would take too long.
        query.add_where(
            SQL(
                """
                EXISTS (
                    SELECT FROM spp_attendance_run AS run
                    WHERE run.id = %(table)s.run_id AND run.state = 'done' AND NOT EXISTS (
                        SELECT FROM spp_attendance_run_line AS later
                        JOIN spp_attendance_run AS later_run ON later_run.id = later.run_id
                        WHERE later.cycle_membership_id = %(table)s.cycle_membership_id
                            AND later.kind != 'member' AND later.left_alone IS NULL
                            AND later_run.state = 'done'
                            AND later_run.applied_number > run.applied_number
                    )
                    OFFSET 0
                )
                """,
                table=SQL.identifier(self._table),
            )
        )
        return [("id", "in", query)]

    def action_enrol(self):
        """Enrol those whom attendance has not decided about, and who are still draft.

        :raise UserError: if one of them is decided, or not in draft any more
        """
        cycles = self.cycle_membership_id.cycle_id
        cycles._check_may_run_attendance()
        for cycle in cycles:
            cycle._check_can_apply()
            cycle._lock_attendance()
            cycle._check_attendance_not_locked()
        memberships = self.sudo().cycle_membership_id
        # What stands decides, whatever state a person gave them since.
        standing = self._get_standing(memberships).values()
        states = {*memberships.mapped("state"), *(line.state_after for line in standing)}
        overrides = memberships.attendance_override_id
        if overrides or len(memberships) != len(self) or states != {"draft"}:
            raise UserError(
                _(
                    "One of these is decided about, or not in draft any more. Reload the page and "
                    "look again."
                )
            )
        memberships.write({"state": ENROLLED_STATE})
        memberships._give_entitlements_back(SQL("SELECT unnest(%s)", memberships.ids))

    @api.model
    def _get_verdict_action(self, name, domain):
        """Return the action that opens some verdicts as the list of verdicts shows them."""
        addon = "spp_cycle_attendance_compliance"
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "view_mode": "list,kanban,form",
            "views": [
                [self.env.ref(f"{addon}.view_attendance_verdict_tree").id, "list"],
                [False, "kanban"],
                [False, "form"],
            ],
            "search_view_id": self.env.ref(f"{addon}.view_attendance_verdict_search").ids,
            "domain": domain,
            "context": {"create": False},
        }

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
