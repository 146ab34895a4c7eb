from base64 import b64encode

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, format_datetime, split_every

from ..files import write_table
from ..models.runs.attendance_run import DONE
from ..verdicts import DECIDED_STATES, NO_DATA, NON_COMPLIANT, NON_COMPLIANT_STATE, WARNED

PDF, XLSX, LETTERS = "pdf", "xlsx", "letters"
ALL, FAILING = "all", "failing"
AREA, LOCATION = "area", "location"
# What a verdict keeps of where somebody lived and attended when it was given.
PLACES = {AREA: "area_id", LOCATION: "location_id"}
# A PDF of more takes minutes, and nobody signs it.
MOST_IN_PDF = 2000
# A workbook of more takes longer than servers let a request take.
MOST_IN_XLSX = 100_000
# How many verdicts are in memory at once.
READ_SIZE = 1000


class PrintAttendance(models.TransientModel):
    """Prints the verdicts of a run, or those that stand on a cycle: as lists and as letters."""

    _name = "spp.attendance.print"
    _inherit = "spp.attendance.dialog.mixin"
    _description = "Print Verdicts"

    cycle_id = fields.Many2one("g2p.cycle", required=True, readonly=True, ondelete="cascade")
    run_id = fields.Many2one(
        "spp.attendance.run",
        readonly=True,
        ondelete="cascade",
        help="Without any, what stands on the cycle is printed.",
    )
    content = fields.Selection(
        [
            (PDF, "Verdict list to sign (PDF)"),
            (XLSX, "Verdict list to work with (XLSX)"),
            (LETTERS, "Letters to the families (PDF)"),
        ],
        "What",
        required=True,
        default=PDF,
    )
    which = fields.Selection(
        [(ALL, "All"), (FAILING, "Non-compliant and warned")],
        "Verdicts",
        required=True,
        default=ALL,
    )
    grouped_by = fields.Selection(
        [(AREA, "Area"), (LOCATION, "School or other location")],
        help="Each begins on a page of its own. A person belongs to the school or other location "
        "where the last attendance of hers was.",
    )
    has_areas = fields.Boolean(compute="_compute_has_areas")
    area_id = fields.Many2one(
        "spp.area", "Only This Area", ondelete="cascade", help="With the areas that lie in it."
    )
    location_id = fields.Many2one(
        "spp.res.config.attendance.location", "Only This Location", ondelete="cascade"
    )
    is_unprinted = fields.Boolean("Only Letters Not Printed Yet", default=True)
    letter_numbers = fields.Json(help="Of the verdicts about which letters are printed.")
    sheet = fields.Binary(attachment=False, readonly=True)
    sheet_name = fields.Char(readonly=True)

    def _compute_has_areas(self):
        self.has_areas = self.env["spp.attendance.waiver"]._has_areas()

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Offer letters only to who may print them."""
        found = super().fields_get(allfields, attributes)
        content = found.get("content", {})
        lines = self.env["spp.attendance.run.line"]
        if "selection" in content and not lines._may_print_letters():
            content["selection"] = [each for each in content["selection"] if each[0] != LETTERS]
        return found

    @api.onchange("content")
    def _onchange_content(self):
        """Propose letters for those only who lose something, or may lose it the next time."""
        self.which = FAILING if self.content == LETTERS else ALL

    @api.onchange("content", "which", "grouped_by", "area_id", "location_id")
    def _onchange_choice(self):
        """The list that is ready is another one."""
        self.sheet = self.sheet_name = False

    def action_print(self):
        """Make the list or the letters."""
        self.ensure_one()
        if self.content == LETTERS:
            return self._print_letters()
        self._check_size()
        if self.content == XLSX:
            rows = self._get_all_rows(self._find_groups())
            self.sheet = b64encode(write_table(self._get_titles(), rows))
            self.sheet_name = f"{self._get_file_name()}.xlsx".replace("/", "-")
            return self._reopen()
        return self._get_report("action_report_verdict_list")

    def _print_letters(self):
        # Says what is wrong while the dialog is still open.
        lines = self.env["spp.attendance.run.line"]
        lines._check_may_print_letters()
        lines._search_letters(self._get_line_domain())
        groups = self._find_groups()
        self.letter_numbers = [line_id for _name, ids in groups for line_id in ids]
        return self._get_report("action_report_attendance_letters")

    def _get_report(self, name):
        report = self.env.ref(f"spp_cycle_attendance_compliance.{name}")
        action = report.report_action(self, config=False)
        return {**action, "close_on_report_download": True}

    def _check_size(self):
        """Raise a `UserError` if there are none, or too many: before all are read and sorted."""
        most = MOST_IN_PDF if self.content == PDF else MOST_IN_XLSX
        lines = self.env["spp.attendance.run.line"]
        count = lines.search_count(self._get_listed_domain(), limit=most + 1)
        if not count:
            raise UserError(_("There is no such verdict: there is nothing to print."))
        if count <= most:
            return
        if self.content == PDF:
            raise UserError(
                _(
                    "This list has more verdicts than a PDF takes: %(most)s at most. Choose an "
                    "area, a location, or fewer verdicts; or take the XLSX.",
                    most=most,
                )
            )
        raise UserError(
            _(
                "This list has more verdicts than an XLSX takes: %(most)s at most. Choose an area, "
                "a location, or fewer verdicts.",
                most=most,
            )
        )

    def _get_file_name(self):
        names = {"program": self.cycle_id.program_id.name, "cycle": self.cycle_id.name}
        if self.content == LETTERS:
            return _("Letters, %(program)s, %(cycle)s", **names)
        return _("Verdicts, %(program)s, %(cycle)s", **names)

    # Which verdicts

    def _get_last_run(self):
        """Return the run, or the one of the cycle that was applied last."""
        if self.run_id:
            return self.run_id
        domain = [("cycle_id", "=", self.cycle_id.id), ("state", "=", DONE)]
        return self.env["spp.attendance.run"].search(domain, order="applied_number desc", limit=1)

    def _is_about_what_stands(self):
        return not self.run_id or self.content == LETTERS

    def _get_runs(self):
        if self.run_id:
            return self.run_id
        domain = [("cycle_id", "=", self.cycle_id.id), ("state", "=", DONE)]
        return self.env["spp.attendance.run"].search(domain)

    def _get_line_domain(self):
        domain = [("kind", "!=", "member"), ("run_id", "in", self._get_runs().ids)]
        if self.which == FAILING:
            domain += self._get_failing_domain()
        if self._is_about_what_stands():
            domain.append(("standing", "=", "stands"))
        if self.content == LETTERS:
            domain.append(("cycle_membership_id.state", "in", DECIDED_STATES))
        if self.content == LETTERS and self.is_unprinted:
            domain.append(("letter_printed_at", "=", False))
        if self.area_id:
            domain.append(("area_id", "child_of", self.area_id.id))
        return domain

    def _get_failing_domain(self):
        """Return who failed, and who loses without having failed: by no data, or by an override."""
        status, state = "status", "state_after"
        if self._is_about_what_stands():
            # An override may have been made, or lifted, since.
            status, state = "cycle_membership_id.attendance_status", "cycle_membership_id.state"
        return ["|", (status, "in", (NON_COMPLIANT, WARNED)), (state, "=", NON_COMPLIANT_STATE)]

    def _is_by_member(self):
        """Return whether members are listed, not households, who are at no location."""
        by_location = self.grouped_by == LOCATION or self.location_id
        return (
            self.content != LETTERS and bool(by_location) and self.cycle_id._is_about_households()
        )

    def _get_listed_domain(self):
        place = []
        if self.location_id and self.content != LETTERS:
            place = [("location_id", "=", self.location_id.id)]
        if not self._is_by_member():
            return [*self._get_line_domain(), *place]
        lines, runs = self.env["spp.attendance.run.line"], self._get_runs()
        if not runs:
            return [("id", "in", [])]
        domain = [("run_id", "in", runs.ids), *place]
        # Two searches, each by an index: of "one or the other", PostgreSQL reads all runs.
        listed = lines._search(domain)
        listed.add_where(
            SQL(
                "%s IN (%s UNION ALL %s)",
                SQL.identifier(lines._table, "id"),
                self._find_members(domain).subselect(),
                self._find_households_alone(place).subselect(),
            )
        )
        return [("id", "in", listed)]

    def _find_members(self, domain):
        """Return the query of the members that are listed."""
        lines = self.env["spp.attendance.run.line"]
        households = lines._search(self._get_line_domain())
        members = [("household_line_id", "in", households), ("counts", "=", True)]
        if self.which == FAILING:
            # Of a household that was refused or warned, some may have met the criteria.
            members.append(("verdict", "in", (NON_COMPLIANT, NO_DATA)))
        return lines._search([*domain, *members])

    def _find_households_alone(self, place):
        """Return the query of the households none of whose members is listed: they stand there
        themselves, such as one that a person set non-compliant though all met the conditions."""
        lines = self.env["spp.attendance.run.line"]
        alone = lines._search([*self._get_line_domain(), *place])
        lines.flush_model()
        alone.add_where(
            SQL(
                """
                NOT EXISTS (
                    SELECT FROM spp_attendance_run_line AS member
                    WHERE member.household_line_id = %(household)s AND member.counts
                        AND %(is_listed)s
                    OFFSET 0
                )
                """,
                household=SQL.identifier(lines._table, "id"),
                is_listed=SQL("member.verdict IN %s", (NON_COMPLIANT, NO_DATA))
                if self.which == FAILING
                else SQL("TRUE"),
            )
        )
        return alone

    def _find_groups(self):
        """Return the ids of the verdicts, in their order: a list of ``(name, ids)``.

        The name is empty where nothing is grouped.
        """
        found = self.env["spp.attendance.run.line"]._search(self._get_listed_domain())
        grouped_by = AREA if self.content == LETTERS else self.grouped_by
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT %(place)s, array_agg(line.id ORDER BY person.name, line.id)
                FROM spp_attendance_run_line AS line
                JOIN res_partner AS person ON person.id = line.partner_id
                WHERE line.id IN %(found)s
                GROUP BY 1
                """,
                place=SQL.identifier("line", PLACES[grouped_by])
                if grouped_by
                else SQL("NULL::int4"),
                found=found.subselect(),
            )
        )
        ids = dict(self.env.cr.fetchall())
        names = self._name_places(grouped_by, filter(None, ids))
        known = sorted(filter(None, ids), key=lambda place: (names[place], place))
        return [(names.get(place, ""), ids[place]) for place in [*known, None] if place in ids]

    @api.model
    def _name_places(self, kind, ids):
        model = "spp.area" if kind == AREA else "spp.res.config.attendance.location"
        places = self.env[model].sudo().browse(ids)
        # Runs from before their lines kept the place know of none, either.
        nowhere = {AREA: _("No area known"), LOCATION: _("No location known")}
        return {None: nowhere.get(kind, ""), **{each.id: each.display_name for each in places}}

    # The list

    def _may_read_identifiers(self):
        return self.env.user.has_group("spp_cycle_attendance_compliance.group_identifiers")

    def _has_place_column(self):
        # In a PDF, it stands above the list.
        return bool(self.grouped_by) and self.content == XLSX

    def _has_household_figures(self):
        return self.cycle_id._is_about_households() and not self._is_by_member()

    def _get_titles(self):
        grouped_by = dict(self._fields["grouped_by"]._description_selection(self.env))
        figures = [_("Attended")]
        if self._has_household_figures():
            counting = [_("Members that Count")] if self.content == XLSX else []
            figures = [_("Members Who Met"), *counting]
        return [
            *([_("ID")] if self._may_read_identifiers() else []),
            _("Name"),
            *([grouped_by[self.grouped_by]] if self._has_place_column() else []),
            *([_("Household")] if self._is_by_member() else []),
            *figures,
            _("Verdict"),
            *([] if self._is_by_member() else [_("Membership")]),
            _("Reason"),
        ]

    def _get_all_rows(self, groups):
        for name, ids in groups:
            yield from self._get_rows(ids, [name] if self._has_place_column() else [])

    def _get_rows(self, ids, place=()):
        """Yield the rows of some verdicts, under `_get_titles`.

        :param place: the name of where they are, in a list, if it is to be told
        """
        has_figures, by_member = self._has_household_figures(), self._is_by_member()
        has_identifiers, of_run = self._may_read_identifiers(), not self._is_about_what_stands()
        states = dict(self.env["spp.attendance.run.line"]._selection_state())
        lines = self.env["spp.attendance.run.line"]
        for some in split_every(READ_SIZE, ids):
            for line in lines.browse(some):
                _status, sign, verdict = line._get_shown_status(of_run)
                figures = [line.number_of_attendance]
                if has_figures:
                    figures = self._get_household_figures(line)
                elif line.kind == "household":
                    figures = [line.found]
                state = line.state_after if of_run else line.sudo().cycle_membership_id.state
                yield [
                    *([line._get_shown_identifiers()] if has_identifiers else []),
                    line.sudo().partner_id.name,
                    *place,
                    *([line.sudo().household_line_id.partner_id.name or ""] if by_member else []),
                    *figures,
                    f"{sign}\N{NO-BREAK SPACE}{verdict}" if self.content == PDF else verdict,
                    *([] if by_member else [states.get(state, "")]),
                    line._get_shown_reason(of_run),
                ]
            self.env.invalidate_all()

    def _get_household_figures(self, line):
        meeting, counting = line.members_meeting, line.members_counting
        if self.content == XLSX:
            return [meeting, counting]
        return [_("%(meeting)s of %(counting)s", meeting=meeting, counting=counting)]

    def _get_pdf_groups(self):
        """Return what stands on the pages: a list of ``(name, rows)``."""
        self._check_size()
        return [(name, list(self._get_rows(ids))) for name, ids in self._find_groups()]

    def _get_pdf_head(self):
        """Return what is said above each list: a list of ``(title, text)``."""
        run = self._get_last_run()
        decided = run.taken_back_at or run.finished_at or run.decided_at
        decider = run.taken_back_by_id or run.decided_by_id or run.user_id
        state = dict(run._fields["state"]._description_selection(self.env)).get(run.state, "")
        which = dict(self._fields["which"]._description_selection(self.env))[self.which]
        cycle = self.cycle_id
        head = [
            (_("Program"), cycle.program_id.name),
            (_("Cycle"), f"{cycle.name}, {self._describe_cycle()}"),
            (_("Criteria"), run.attendance_criteria_summary),
            (_("Run"), f"{state}, {format_datetime(self.env, decided) if decided else ''}"),
            (_("Decided by"), decider.sudo().name),
            (_("Verdicts"), which),
        ]
        if len(run._get_conditions()) > 1:
            head.insert(3, (_("Conditions"), run.attendance_condition_sentences))
        if earlier := self._describe_earlier_runs(run):
            head.append((_("Remark"), earlier))
        return head

    def _describe_earlier_runs(self, run):
        """Return how many of the verdicts are not by the run that the head tells about."""
        domain = [*self._get_listed_domain(), ("run_id", "!=", run.id)]
        count = self.env["spp.attendance.run.line"].search_count(domain)
        if count == 1:
            return _("1 of these verdicts is by an earlier run, and its criteria.")
        if count:
            return _(
                "%(count)s of these verdicts are by earlier runs, and their criteria.", count=count
            )
        return ""

    def _get_pdf_title(self, place):
        if place:
            return _("Attendance Verdicts: %(place)s", place=place)
        return _("Attendance Verdicts")

    def _get_pdf_foot(self):
        now = format_datetime(self.env, fields.Datetime.now())
        return _("Printed on %(at)s by %(name)s.", at=now, name=self.env.user.name)

    def _describe_cycle(self):
        return _(
            "%(first)s to %(last)s",
            first=format_date(self.env, self.cycle_id.start_date),
            last=format_date(self.env, self.cycle_id.end_date),
        )
