from collections import defaultdict
from functools import cache

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date
from odoo.tools.sql import create_index

from ...verdicts import NO_DATA, NON_COMPLIANT, WARNED
from ..intakes.identifiers import READER
from ..runs.verdict_bar import LOOKS

# How many cycles of a program are shown.
SHOWN = 24
FAILURES = (NON_COMPLIANT, WARNED)
MARK = Markup(
    '<span class="badge px-1 {colour}" style="min-width: 1.8em" title="{text}">{sign}'
    '<span class="visually-hidden"> {text}</span></span>'
)
ROW = Markup('<div class="d-flex flex-wrap align-items-center gap-1">{}</div>')
BEFORE = Markup('<span class="text-muted small">{}</span>')
PROGRAM = Markup('<div class="mb-3"><div class="mb-1 fw-bold">{}</div>{}</div>')
LEGEND = Markup('<p class="text-muted small mb-0">{}</p>')


class AttendanceHistoryMixin(models.AbstractModel):
    """What attendance said about a registrant, cycle by cycle, as it stands now.

    The order of a program's cycles is that of their first days.
    """

    _name = "spp.attendance.history.mixin"
    _description = "Attendance over Cycles"

    attendance_history = fields.Html(
        compute="_compute_attendance_history",
        groups=READER,
        help="One mark for each cycle, the newest last. ✓ compliant, ! warned, ✕ non-compliant, "
        "? no data, … not decided, – exempt, O overridden. Point at a mark to see its cycle.",
    )
    attendance_failed_twice = fields.Boolean(
        "Failed Twice in a Row",
        compute="_compute_attendance_twice",
        search="_search_attendance_failed_twice",
        groups=READER,
        help="Non-compliant or warned in both of the program's last two cycles that were checked.",
    )
    attendance_missing_twice = fields.Boolean(
        "No Data Twice in a Row",
        compute="_compute_attendance_twice",
        search="_search_attendance_missing_twice",
        groups=READER,
        help="Without data in both of the program's last two cycles that were checked.",
    )

    # The marks

    @api.depends_context("lang", "uid", "su", "allowed_company_ids")
    def _compute_attendance_history(self):
        histories = self._get_attendance_marks(self._get_attendance_registrants())
        for record in self:
            record.attendance_history = record._show_attendance_history(histories) or False

    def _get_attendance_registrants(self):
        """Return the persons and households whose history is meant."""
        raise NotImplementedError

    def _show_attendance_history(self, histories):
        """Return the marks of this record as HTML.

        :param dict histories: as ``_get_attendance_marks`` returns them
        """
        raise NotImplementedError

    @api.model
    def _get_attendance_marks(self, registrants):
        """Return the marks of registrants, oldest first, in one query.

        :return: by registrant's id, then by ``(id, name)`` of the program: a list of HTML
        """
        histories = defaultdict(lambda: defaultdict(list))
        memberships = self.env["g2p.cycle.membership"]
        may_read = self.env["ir.model.access"].check(memberships._name, "read", False)
        if not registrants or not may_read or not self._may_read_attendance_history():
            return histories
        memberships.flush_model(["partner_id", "cycle_id", "attendance_status"])
        self._flush_attendance_cycles()
        visible = memberships._search(
            [("partner_id", "in", registrants.ids), ("attendance_status", "!=", False)]
        )
        self.env.cr.execute(
            SQL(
                """
                SELECT membership.partner_id, program.id, program.name, cycle.name,
                    cycle.start_date, cycle.end_date, %(status)s
                FROM g2p_cycle_membership AS membership
                JOIN g2p_cycle AS cycle ON cycle.id = membership.cycle_id
                JOIN g2p_program AS program ON program.id = cycle.program_id
                WHERE membership.id IN %(visible)s AND %(own)s
                ORDER BY program.name, program.id, cycle.start_date, cycle.sequence, cycle.id
                """,
                visible=visible.subselect(),
                own=self._is_own_attendance_cycle(),
                status=memberships._field_to_sql("membership", "attendance_shown_status"),
            )
        )
        show = cache(self._show_attendance_mark)  # a list has the same few cycles again and again
        for registrant_id, program_id, program, *mark in self.env.cr.fetchall():
            histories[registrant_id][program_id, program].append(show(*mark))
        return histories

    @api.model
    def _show_attendance_mark(self, cycle, first, last, status):
        colour, sign = LOOKS[status]
        text = _(
            "%(cycle)s, %(first)s to %(last)s: %(status)s",
            cycle=cycle,
            first=format_date(self.env, first),
            last=format_date(self.env, last),
            status=self._get_attendance_labels()[status],
        )
        return MARK.format(colour=colour, sign=sign, text=text)

    @api.model
    def _show_attendance_marks(self, marks):
        """Return a row of marks as HTML."""
        more = len(marks) - SHOWN
        before = [BEFORE.format(_("%(count)s more before", count=more))] if more > 0 else []
        return ROW.format(Markup().join(before + marks[-SHOWN:]))

    @api.model
    def _get_attendance_labels(self):
        status = self.env["g2p.cycle.membership"]._fields["attendance_shown_status"]
        return dict(status._description_selection(self.env))

    # Twice in a row

    @api.depends_context("uid", "su", "allowed_company_ids")
    def _compute_attendance_twice(self):
        registrants = self._get_attendance_registrants()
        may_read = self._may_read_attendance_history()
        for name, statuses in (
            ("attendance_failed_twice", FAILURES),
            ("attendance_missing_twice", (NO_DATA,)),
        ):
            found = set()
            if registrants and may_read:
                self.env.cr.execute(self._find_attendance_twice(statuses, registrants.ids))
                found.update(self.env.cr.fetchall())
            for record in self:
                record[name] = record._is_among_attendance_pairs(found)

    def _is_among_attendance_pairs(self, pairs):
        """Tell whether this record is of one of some ``(registrant's id, program's id)``."""
        raise NotImplementedError

    @api.model
    def _match_attendance_pairs(self, pairs):
        """Return the SQL condition that a record of the table is among them.

        :param SQL pairs: the query of ``partner_id, program_id``
        """
        raise NotImplementedError

    @api.model
    def _search_attendance_failed_twice(self, operator, value):
        return self._search_attendance_twice(FAILURES, operator, value)

    @api.model
    def _search_attendance_missing_twice(self, operator, value):
        return self._search_attendance_twice((NO_DATA,), operator, value)

    @api.model
    def _search_attendance_twice(self, statuses, operator, value):
        if not self._may_read_attendance_history():
            raise AccessError(_("Only who may see attendance compliance can look for this."))
        if operator not in ("=", "!=", "in", "not in"):
            raise UserError(_("This is either so or not: look for yes or no."))
        values = {bool(each) for each in (value if operator.endswith("in") else [value])}
        wanted = values if operator in ("=", "in") else {True, False} - values
        if len(wanted) != 1:
            return [(1 if wanted else 0, "=", 1)]
        query = self.sudo().with_context(active_test=False)._search([])
        query.add_where(self._match_attendance_pairs(self._find_attendance_twice(statuses)))
        return [("id", "in" if wanted == {True} else "not in", query)]

    @api.model
    def _find_attendance_twice(self, statuses, registrant_ids=None):
        """Return the SQL query of who had one of some statuses in both of the last two cycles.

        Of the program, and of those that have statuses at all. Its columns are ``partner_id`` and
        ``program_id``.

        :param registrant_ids: look at these only
        """
        memberships = self.env["g2p.cycle.membership"]
        memberships.flush_model(["partner_id", "cycle_id", "attendance_status"])
        self._flush_attendance_cycles()
        return SQL(
            """
            SELECT membership.partner_id, cycle.program_id
            FROM g2p_cycle_membership AS membership
            JOIN g2p_cycle AS cycle ON cycle.id = membership.cycle_id
            WHERE membership.cycle_id = ANY(%(cycles)s)
                AND membership.attendance_status IN %(statuses)s AND %(asked)s
                AND %(shown)s IN %(statuses)s
            GROUP BY membership.partner_id, cycle.program_id
            HAVING count(*) = 2
            """,
            cycles=self._get_last_attendance_cycles(),
            statuses=statuses,
            # Who came, but can't be decided about, is not without data.
            shown=memberships._field_to_sql("membership", "attendance_shown_status"),
            asked=SQL("TRUE")
            if registrant_ids is None
            else SQL("membership.partner_id = ANY(%s)", registrant_ids),
        )

    @api.model
    def _get_last_attendance_cycles(self):
        """Return the ids of the last two cycles with statuses, of each program."""
        # What is asked of the memberships is one look into an index for each cycle: "min" sees to
        # it, before the table's statistics are made, too. A million have no status yet.
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM (
                    SELECT cycle.id, row_number() OVER (
                        PARTITION BY cycle.program_id
                        ORDER BY cycle.start_date DESC, cycle.sequence DESC, cycle.id DESC
                    ) AS place
                    FROM g2p_cycle AS cycle
                    JOIN g2p_program AS program ON program.id = cycle.program_id
                    WHERE %s AND (
                        SELECT min(membership.attendance_status)
                        FROM g2p_cycle_membership AS membership
                        WHERE membership.cycle_id = cycle.id
                            AND membership.attendance_status IS NOT NULL
                    ) IS NOT NULL
                ) AS checked
                WHERE place <= 2
                """,
                self._is_own_attendance_cycle(),
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    # Who may see what

    @api.model
    def _may_read_attendance_history(self):
        # An export does not look at the groups of a field that is computed.
        return self.env.su or self.env.user.has_group(READER)

    @api.model
    def _is_own_attendance_cycle(self):
        """Return the SQL condition that a ``cycle`` of a ``program`` is no other company's."""
        if self.env.su:
            return SQL("TRUE")
        return SQL(
            "coalesce(cycle.company_id, program.company_id, %s) = ANY(%s)",
            self.env.company.id,
            self.env.companies.ids,
        )

    @api.model
    def _flush_attendance_cycles(self):
        self.env["g2p.cycle"].flush_model(
            ["name", "program_id", "company_id", "sequence", "start_date", "end_date"]
        )
        self.env["g2p.program"].flush_model(["name", "company_id"])


class ProgramMembership(models.Model):
    _name = "g2p.program_membership"
    _inherit = ["g2p.program_membership", "spp.attendance.history.mixin"]

    def _get_attendance_registrants(self):
        return self.partner_id._origin

    def _show_attendance_history(self, histories):
        for (program_id, __), marks in histories[self.partner_id._origin.id].items():
            if program_id == self.program_id.id:
                return self._show_attendance_marks(marks)
        return None

    def _is_among_attendance_pairs(self, pairs):
        return (self.partner_id._origin.id, self.program_id.id) in pairs

    @api.model
    def _match_attendance_pairs(self, pairs):
        table = SQL.identifier(self._table)
        return SQL("(%s.partner_id, %s.program_id) IN (%s)", table, table, pairs)


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "spp.attendance.history.mixin"]

    def _get_attendance_registrants(self):
        return self._origin

    def _show_attendance_history(self, histories):
        rows = [
            PROGRAM.format(program, self._show_attendance_marks(marks))
            for (__, program), marks in histories[self._origin.id].items()
        ]
        if rows:
            labels = self._get_attendance_labels()
            signs = (f"{sign} {labels[status]}" for status, (__, sign) in LOOKS.items())
            rows.append(LEGEND.format(" · ".join(signs)))
        return Markup().join(rows)

    def _is_among_attendance_pairs(self, pairs):
        return any(registrant_id == self._origin.id for registrant_id, __ in pairs)

    @api.model
    def _match_attendance_pairs(self, pairs):
        return SQL(
            "%s.id IN (SELECT found.partner_id FROM (%s) AS found)",
            SQL.identifier(self._table),
            pairs,
        )


class CycleMembership(models.Model):
    _inherit = "g2p.cycle.membership"

    def init(self):
        result = super().init()
        create_index(
            self.env.cr,
            "g2p_cycle_membership_attendance_status_idx",
            self._table,
            ["cycle_id", "attendance_status"],
            where="attendance_status IS NOT NULL",
        )
        return result
