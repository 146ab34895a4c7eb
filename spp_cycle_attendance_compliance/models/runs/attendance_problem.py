from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, plaintext2html
from odoo.tools.misc import clean_context
from odoo.tools.sql import create_index

from ...verdicts import EXEMPT, NO_DATA, UNDECIDED
from ..criteria.condition_values import BY_AGE
from ..criteria.cycle import MAY_RUN_GROUPS
from ..intakes.attendance_answer import UNKNOWN, UNREADABLE
from ..intakes.identifiers import KNOWING_GROUPS
from .draft import NO_IDENTIFIER, NOT_ASKED, SHARED_IDENTIFIER, UNRECORDED

MAY_SOLVE_GROUPS = (*MAY_RUN_GROUPS, "g2p_programs.g2p_program_validator")
SILENT, UNDATED, UNCLEAR = "silent", "undated", "unclear"
NO_BIRTH_DATE, REMARK = "no_birth_date", "remark"
CHANGED, JOINED, OTHER_STATE = "changed", "joined", "state"
PROBLEMS = [
    (NO_IDENTIFIER, "Has no ID"),
    (SHARED_IDENTIFIER, "Has the same ID as another person"),
    (UNKNOWN, "Unknown to the attendance system"),
    (UNREADABLE, "The answer could not be read"),
    (UNDATED, "The answer could not be read in full"),
    (NOT_ASKED, "Was not asked for yet"),
    (SILENT, "Nothing came from where the person attends"),
    (UNRECORDED, "Nothing is recorded"),
    (UNCLEAR, "Some records may be presences or absences"),
    (NO_BIRTH_DATE, "Has no birth date"),
    (REMARK, "There is a remark"),
    (UNDECIDED, "Not decided"),
    (CHANGED, "Changed meanwhile"),
    (JOINED, "Joined meanwhile"),
    (OTHER_STATE, "Paused, exited or not eligible"),
]
# What is a matter of the person's data in the registry, and so the same in each cycle.
OF_THE_PERSON = (NO_IDENTIFIER, SHARED_IDENTIFIER, UNKNOWN, NO_BIRTH_DATE)
# Each task is a message to somebody, and one more entry in a list that a person reads.
MOST_TASKS = 200


class AttendanceCriteriaMixin(models.AbstractModel):
    """What is wrong with whom is told when a run decides, so that lists of it are quick."""

    _inherit = "spp.attendance.criteria.mixin"

    def _resolve_states(self, draft):
        result = super()._resolve_states(draft)
        draft.execute("UPDATE spp_attendance_draft SET problem = NULL WHERE problem IS NOT NULL")
        # A household's line only repeats what is wrong with a member, unless it was left alone.
        # Which ones have such a member is found once, whatever PostgreSQL knows of the exceptions,
        # which were just made: joined, all lines were read again for each of them.
        draft.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET problem = CASE
                WHEN line.left_alone IS NOT NULL THEN line.left_alone
                WHEN line.kind = 'household' AND line.id IN (
                    SELECT household_line_id FROM spp_attendance_draft
                    WHERE is_exception AND household_line_id IS NOT NULL
                ) THEN NULL
                WHEN line.counts AND line.verdict IS DISTINCT FROM %(exempt)s
                    AND line.finding IN %(findings)s THEN line.finding
                WHEN jsonb_path_exists(line.proof, '$.cells[*][11] ? (@ == "silent")')
                    THEN %(silent)s
                WHEN line.undated > 0 THEN %(undated)s
                WHEN line.kind != 'household' AND line.unclear > 0 THEN %(unclear)s
                WHEN line.note IS NOT NULL AND person.birthdate IS NULL AND %(by_age)s
                    THEN %(no_birth_date)s
                WHEN line.note IS NOT NULL THEN %(remark)s
                WHEN line.kind != 'household' AND line.verdict = %(no_data)s THEN %(unrecorded)s
                ELSE %(undecided)s
            END
            FROM res_partner AS person
            WHERE person.id = line.partner_id AND line.is_exception
            """,
            exempt=EXEMPT,
            findings=(NO_IDENTIFIER, SHARED_IDENTIFIER, UNKNOWN, UNREADABLE, NOT_ASKED),
            silent=SILENT,
            undated=UNDATED,
            unclear=UNCLEAR,
            by_age=any(condition.about == BY_AGE for condition in self._get_conditions()),
            no_birth_date=NO_BIRTH_DATE,
            remark=REMARK,
            no_data=NO_DATA,
            unrecorded=UNRECORDED,
            undecided=UNDECIDED,
        )
        # Who was asked to see to it in an earlier run of the cycle has the task still. Each cycle
        # is a task of its own: what was done about one says nothing about another.
        draft.execute(
            """
            UPDATE spp_attendance_draft AS line SET problem_activity_id = activity.id
            FROM spp_attendance_run_line AS earlier
            JOIN spp_attendance_run AS run ON run.id = earlier.run_id
            JOIN mail_activity AS activity ON activity.id = earlier.problem_activity_id
            WHERE earlier.problem_activity_id IS NOT NULL AND earlier.problem_done_at IS NULL
                AND earlier.partner_id = line.partner_id AND earlier.problem = line.problem
                AND (run.cycle_id = %(cycle)s
                    OR run.program_id = %(program)s AND line.problem IN %(of_the_person)s)
                AND activity.active AND line.problem_activity_id IS NULL
            """,
            cycle=self._get_cycle().id,
            program=self._get_cycle().program_id.id,
            of_the_person=OF_THE_PERSON,
        )
        return result


class AttendanceRunLine(models.Model):
    """A line that somebody has to look at: what is wrong, what to do, whose task, and done when."""

    _inherit = "spp.attendance.run.line"

    problem = fields.Selection(PROBLEMS, help="What a person has to look at.")
    problem_to_do = fields.Char("What to Do", compute="_compute_problem_to_do")
    problem_household_id = fields.Many2one(
        related="household_line_id.partner_id", string="Household of the Person"
    )
    problem_since = fields.Datetime(
        "There Since",
        compute="_compute_problem_since",
        help="When a check of the program first found this problem with this registrant.",
    )
    problem_is_current = fields.Boolean(
        "Of the Newest Check",
        compute="_compute_problem_is_current",
        search="_search_problem_is_current",
        help="Of the newest check of a cycle that is not over yet, applied or waiting.",
    )
    problem_activity_id = fields.Many2one(
        "mail.activity", "Task", ondelete="set null", index="btree_not_null"
    )
    problem_user_id = fields.Many2one(
        related="problem_activity_id.user_id", string="Problem Assigned to"
    )
    problem_deadline = fields.Date(related="problem_activity_id.date_deadline", string="Due on")
    problem_done_at = fields.Datetime("Done on")
    problem_done_by_id = fields.Many2one(
        "res.users", "Done by", ondelete="restrict", index="btree_not_null"
    )
    problem_done_note = fields.Text("What Was Done")

    def init(self):
        result = super().init()
        for name, columns, where in (
            ("problem", ["run_id", "id"], "problem IS NOT NULL"),
            ("open_problem", ["id"], "problem IS NOT NULL AND problem_done_at IS NULL"),
            ("problem_done", ["run_id"], "problem_done_at IS NOT NULL"),
        ):
            name = f"{self._table}_{name}_index"
            create_index(self.env.cr, name, self._table, columns, where=where)
        return result

    # Which ones are to be seen to

    @api.model
    def _get_current_runs(self):
        """Return the ids of the newest checks that stand or wait, of cycles that are not over."""
        self.env["spp.attendance.run"].flush_model(["cycle_id", "state"])
        self.env["g2p.cycle"].flush_model(["state"])
        self.env.cr.execute(
            """
            SELECT max(run.id) FROM spp_attendance_run AS run
            JOIN g2p_cycle AS cycle ON cycle.id = run.cycle_id
            WHERE run.state IN ('waiting', 'done') AND cycle.state NOT IN ('cancelled', 'ended')
            GROUP BY run.cycle_id
            """
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.depends("run_id")
    def _compute_problem_is_current(self):
        current = set(self._get_current_runs())
        for line in self:
            line.problem_is_current = line.run_id.id in current

    @api.model
    def _search_problem_is_current(self, operator, value):
        values = set(value if operator in ("in", "not in") else [value])
        if operator not in ("=", "in") or values - {True}:
            raise UserError(_("Only the problems of the newest checks can be looked for by this."))
        return [("run_id", "in", self._get_current_runs())]

    @api.depends("problem", "partner_id", "run_id")
    def _compute_problem_since(self):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT line.id, min(earlier_run.create_date)
                FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id
                JOIN spp_attendance_run_line AS earlier
                    ON earlier.partner_id = line.partner_id AND earlier.id <= line.id
                        AND earlier.problem = line.problem
                JOIN spp_attendance_run AS earlier_run ON earlier_run.id = earlier.run_id
                    AND earlier_run.program_id = run.program_id
                WHERE line.id = ANY(%s) AND line.problem IS NOT NULL
                GROUP BY line.id
                """,
                self.ids,
            )
        )
        since = dict(self.env.cr.fetchall())
        for line in self:
            line.problem_since = since.get(line.id)

    # Whose task, and done

    @api.model
    def _may_solve_problems(self):
        return self.env.su or any(map(self.env.user.has_group, MAY_SOLVE_GROUPS))

    def _check_may_solve_problems(self):
        if not self._may_solve_problems():
            raise AccessError(
                _("Only program managers and validators may assign problems or mark them as done.")
            )
        if self.search_count([("id", "in", self.ids)]) != len(self):
            raise AccessError(_("One of these problems belongs to another company."))
        if not self or any(not line.problem or line.problem_done_at for line in self):
            raise UserError(
                _("One of these is done already, or is no problem. Reload the page and look again.")
            )

    def _check_may_be_assigned(self, user):
        user = user.sudo()
        if (
            not user.active
            or user.share
            or not any(map(user.has_group, KNOWING_GROUPS))
            or self.sudo().run_id.company_id - user.company_ids
        ):
            raise UserError(
                _(
                    "%(name)s can't see to this: choose somebody of the same company who sees the "
                    "attendance or the registry.",
                    name=user.name,
                )
            )

    def _assign_problems(self, user, deadline, note):
        """Give somebody a task for each of these problems, on the page of its registrant.

        :param user: who is to see to it
        :param date deadline: until when
        :param str note: what else to say; or False
        :raise UserError: if they are too many at once, one is done, or it is not for that user
        """
        self._check_may_solve_problems()
        if len(self) > MOST_TASKS:
            raise UserError(
                _(
                    "Choose at most %(count)s problems at once: each is a task of its own.",
                    count=MOST_TASKS,
                )
            )
        self._check_may_be_assigned(user)
        lang = user.sudo().lang or self.env.lang
        lines = self.with_context(**{**clean_context(self.env.context), "lang": lang})
        lines.sudo().problem_activity_id.filtered("active").unlink()
        # The texts say only what the user who assigns it may know.
        for line in lines:
            text = "\n\n".join(filter(None, [line.problem_to_do, note]))
            written = line.sudo()._as_attendance_writer()
            written.problem_activity_id = written.partner_id.activity_schedule(
                "mail.mail_activity_data_todo",
                deadline,
                summary=line._describe_task(),
                note=plaintext2html(text),
                user_id=user.id,
                automated=False,
            )

    def _describe_task(self):
        labels = dict(self._fields["problem"]._description_selection(self.env))
        return _(
            "%(problem)s (attendance of %(cycle)s)",
            problem=labels[self.problem],
            cycle=self.cycle_id.name,
        )

    def _close_problems(self, note):
        """Keep who did something about these problems, when and what; their tasks are done."""
        self._check_may_solve_problems()
        self.sudo()._note_problems_done(note)

    def _note_problems_done(self, note):
        lines = self.filtered(lambda line: line.problem and not line.problem_done_at)
        lines._as_attendance_writer().write(
            {
                "problem_done_at": fields.Datetime.now(),
                "problem_done_by_id": self.env.uid,
                "problem_done_note": note,
            }
        )
        tasks = lines.problem_activity_id.filtered("active")
        if tasks:
            tasks.action_feedback(feedback=note)
        lines.run_id._close_problem_task()

    # Buttons

    def action_assign_problem(self):
        """Ask who is to see to these problems, and until when."""
        return self._ask_about_problems("assign", _("Assign"))

    def action_close_problem(self):
        """Ask what was done about these problems."""
        return self._ask_about_problems("close", _("Mark as Done"))

    def _ask_about_problems(self, step, title):
        self._check_may_solve_problems()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "spp.attendance.problem.step",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_line_ids": [(6, 0, self.ids)], "default_step": step},
        }

    def action_open_problem(self):
        """Open the page where the problem is solved."""
        self.ensure_one()
        if self.problem in OF_THE_PERSON:
            return self.action_open_registrant()
        if self.problem in (SILENT, UNDATED, UNCLEAR, UNRECORDED, REMARK):
            return self._open_problem_days()
        if self.problem in (UNREADABLE, NOT_ASKED, JOINED) or not self.cycle_membership_id:
            return self.run_id._get_form_action()
        return {
            "type": "ir.actions.act_window",
            "res_model": "g2p.cycle.membership",
            "res_id": self.cycle_membership_id.id,
            "view_mode": "form",
            "views": [[self.env.ref("g2p_programs.view_cycle_membership_form").id, "form"]],
        }

    def _open_problem_days(self):
        run = self.run_id
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendances of %(name)s", name=self.partner_id.name),
            "res_model": "spp.event.attendance",
            "view_mode": "list,calendar,form",
            "domain": [
                ("individual_id", "=", self.partner_id.id),
                ("attendance_date", ">=", run.from_date),
                ("attendance_date", "<=", run.to_date),
            ],
            "context": {"create": False},
        }
