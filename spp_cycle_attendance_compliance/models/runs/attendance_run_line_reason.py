from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import format_date

from ...verdicts import (
    COMPLIANT,
    DAYS,
    EXEMPT,
    NO_DATA,
    NON_COMPLIANT,
    OVERRIDDEN,
    PERCENTAGE,
    UNDECIDED,
)
from .draft import WITH_DATA


class ShownCell(NamedTuple):
    """What was found of a person in a month, or in the whole period, as the proof keeps it.

    The counts exclude each other, but for the two that say how many of the excused and of the free
    ones may be presences.

    :param number: of the condition, from 1
    :param month: its first day, "" for the whole period
    :param why: ``holiday`` or ``silent``, if that decided
    """

    number: int
    month: str
    present: int
    excused: int
    absent: int
    unclear: int
    free: int
    excused_unclear: int
    free_unclear: int
    required: int
    verdict: str
    why: str = ""


class AttendanceRunLine(models.Model):
    """Why a verdict is what it is, in one sentence; and the table behind it."""

    _inherit = "spp.attendance.run.line"

    proof_table = fields.Html(compute="_compute_proof_table", string="What Was Found")

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
        if self.left_alone == "joined":
            return self._describe_left_alone()
        if not self.passes_criteria:
            return _("Does not meet the program's compliance criteria: non-compliant")
        found = self._describe_household() if self.kind == "household" else self._describe_person()
        if self.kind == "member" and not self.counts:
            return _("%(found)s: does not count", found=found)
        labels = dict(self._fields["verdict"]._description_selection(self.env))
        verdict = labels.get(self.verdict, "").lower()
        if self.warning:
            verdict = f"{verdict}, {self._describe_warning()}"
        failed = self._describe_failed_member()
        parts = [
            f"{found}: {verdict}" if verdict else found,
            failed,
            self._describe_household_free_days(failed),
            self._describe_failures(),
            self.note,
            self._describe_left_alone(),
        ]
        return ". ".join(filter(None, parts))

    def _describe_failed_member(self):
        """Say of a household who failed one of several conditions; or of whom there is no data."""
        if self.kind != "household" or self.verdict not in (NON_COMPLIANT, NO_DATA):
            return ""
        if self.verdict == NON_COMPLIANT and len(self.run_id._get_conditions()) < 2:
            return ""
        members = self.sudo().member_line_ids
        failed = members.filtered(lambda member: member.counts and member.verdict == self.verdict)
        return f"{failed[0].partner_id.name}: {failed[0]._describe_person()}" if failed else ""

    def _describe_household_free_days(self, told):
        """Say of a household why days of members were free, if nothing told does already."""
        why = self._describe_free_reasons() if self.kind == "household" else ""
        return _("Free days: %(why)s", why=why) if why and why not in told else ""

    def _describe_warning(self):
        count = self.run_id.attendance_warnings
        if count == 1:
            return _("only a warning this time")
        words = {
            1: _("first of %(count)s warnings"),
            2: _("second of %(count)s warnings"),
            3: _("third of %(count)s warnings"),
        }
        words = words.get(self.warning, _("warning %(number)s of %(count)s"))
        return words % {"number": self.warning, "count": count}

    def _describe_failures(self):
        if not self.failed_cycles or self.verdict in (COMPLIANT, EXEMPT):
            return ""
        names = ", ".join(name for _id, name in self.failed_cycles)
        return _("Failed before in %(cycles)s", cycles=names)

    def _describe_left_alone(self):
        if not self.left_alone:
            return ""
        labels = dict(self._fields["left_alone"]._description_selection(self.env))
        return _("Not applied: %(why)s", why=labels[self.left_alone].lower())

    # A person

    def _get_cells(self):
        """Return what was found, by condition and month."""
        self.ensure_one()
        if self.proof:
            return [ShownCell(*cell) for cell in self.proof["cells"]]
        if self.run_id.attendance_conditions or self.kind == "household" or not self.finding:
            return []
        # Before there were several conditions, the line's own figures were all.
        absent = self.recorded - self.number_of_attendance - self.unclear
        counts = self.number_of_attendance, 0, absent, self.unclear, 0, 0, 0
        required = self.run_id._get_conditions()[0].amount
        return [ShownCell(1, "", *counts, required, self.verdict or "")]

    def _describe_person(self):
        cells = self._get_cells()
        if not cells:
            return self._describe_nothing_asked()
        if self._is_finding_told():
            return dict(self._fields["finding"]._description_selection(self.env))[self.finding]
        # The first one that was not met says it; who met all is told how.
        cells = self._get_telling_cells()
        if self.verdict != COMPLIANT:
            cells = cells[:1]
        return "; ".join(map(self._describe_cell, cells))

    def _is_finding_told(self):
        """Return whether what was found of the person says it all, and no count does."""
        is_told = self.verdict == EXEMPT or any(cell.why == "silent" for cell in self._get_cells())
        return self.finding not in WITH_DATA and not is_told

    def _get_telling_cells(self):
        """Return what decided: what was not met, or all of who met all."""
        cells = self._get_cells()
        if self.verdict == COMPLIANT:
            return cells
        # Months that one unreadable record might save, but not all of them, are undecided.
        wanted = (self.verdict, UNDECIDED)
        own = [[cell for cell in cells if cell.verdict == verdict] for verdict in wanted]
        return own[0] or own[1] or cells

    def _describe_nothing_asked(self):
        born = self.sudo().partner_id.birthdate
        if not born:
            return _("No condition is about this person")
        age = relativedelta(self.run_id._get_day_of_ages(), born).years
        if age == 1:
            return _("No condition is about this person, who is 1 year old")
        return _("No condition is about this person, who is %(age)s years old", age=age)

    def _describe_cell(self, cell):
        condition = self.run_id._get_conditions()[cell.number - 1]
        if cell.verdict == EXEMPT:
            found = self._describe_exemption(cell)
        elif cell.why == "silent":
            found = _("Nothing came from where the person attends")
        elif cell.verdict == NO_DATA and not any(cell[2:9]):
            found = _("Nothing is recorded of which a percentage could be taken")
        else:
            found = self._describe_count(cell, condition)
        parts = [found, self._describe_span(cell), condition.type_name, condition.location_name]
        sentence = ", ".join(filter(None, parts))
        return f"{condition.name}: {sentence}" if condition.name else sentence

    def _describe_span(self, cell):
        if cell.month:
            return format_date(self.env, cell.month, date_format="MMMM yyyy")
        return self.run_id._describe_period()

    def _describe_exemption(self, cell):
        if cell.why == "holiday":
            return _("Hardly anybody has anything recorded, as on holidays")
        free = self._describe_free_days(cell)
        if not cell.required:
            found = _("Nothing is required on the days that are left")
            return f"{found} ({free})" if free else found
        if cell.excused and free:
            return _("Nothing is left but excused and free days (%(why)s)", why=free)
        if cell.excused:
            return _("All %(count)s recorded are excused", count=cell.excused)
        return _("All days are free (%(why)s)", why=free)

    def _describe_count(self, cell, condition):
        maybe = self._count_unclear(cell)
        by_percentage = condition.kind == PERCENTAGE
        found = (
            self._describe_share(cell, condition.unit)
            if by_percentage
            else self._describe_attended(cell, condition.unit)
        )
        details = [
            self._describe_needed(cell, condition),
            cell.required != condition.amount
            and _("%(amount)s in the whole period", amount=condition.amount),
            by_percentage and cell.excused and _("%(count)s excused", count=cell.excused),
            self._describe_free_days(cell),
        ]
        found = f"{found} ({'; '.join(filter(None, details))})"
        if not maybe:
            return found
        return _(
            "At least %(found)s, with %(count)s records that may be presences",
            found=found,
            count=maybe,
        )

    def _count_unclear(self, cell):
        """Return how many records may be presences."""
        return cell.unclear + cell.excused_unclear + cell.free_unclear + self.undated

    def _describe_share(self, cell, unit):
        values = {
            "attended": cell.present,
            "recorded": cell.present + cell.absent + cell.unclear + self.undated,
        }
        if unit == DAYS:
            return _("%(attended)s of %(recorded)s recorded days", **values)
        return _("%(attended)s of %(recorded)s recorded sessions", **values)

    def _describe_attended(self, cell, unit):
        attended = self._describe_times(cell.present, unit)
        if not cell.excused:
            return attended
        return _("%(attended)s and %(excused)s excused", attended=attended, excused=cell.excused)

    @api.model
    def _describe_times(self, count, unit):
        if unit == DAYS:
            return _("1 day") if count == 1 else _("%(count)s days", count=count)
        return _("1 session") if count == 1 else _("%(count)s sessions", count=count)

    def _describe_needed(self, cell, condition):
        if condition.kind == PERCENTAGE:
            return _("%(percentage)s%% needed", percentage=cell.required)
        if not condition.amount:
            return _("none needed")
        return _("%(count)s needed", count=cell.required)

    def _describe_free_days(self, cell):
        """Return which of the cell's days were free and why, in a few words."""
        reasons = []
        location_id = self.run_id._get_conditions()[cell.number - 1].location_id
        for first, last, why, location_ids in (self.proof or {}).get("free", []):
            if location_ids and location_id not in location_ids:
                continue
            if cell.month and not first[:7] <= cell.month[:7] <= last[:7]:
                continue
            days = self.run_id._describe_days(fields.Date.to_date(first), fields.Date.to_date(last))
            reasons.append(_("%(why)s, %(days)s", why=why, days=days))
        return "; ".join(reasons)

    def _describe_free_reasons(self):
        """Return why days were free for the person, or for members that count, in a few words."""
        persons = self
        if self.kind == "household":
            persons = self.sudo().member_line_ids.filtered("counts")
        free = [days for person in persons for days in (person.proof or {}).get("free", [])]
        return ", ".join(dict.fromkeys(why for _first, _last, why, _places in free))

    @api.depends_context("lang")
    def _compute_proof_table(self):
        for line in self:
            line.proof_table = line._make_table(line._get_cells())

    def _make_table(self, cells):
        conditions = self.run_id._get_conditions()
        labels = dict(self._fields["verdict"]._description_selection(self.env))
        titles = (
            *(_("Condition"), _("Days"), _("Present"), _("Excused"), _("Absent"), _("Unknown")),
            *(_("Free"), _("Required"), _("Found")),
        )
        rows = [
            (
                conditions[cell.number - 1].name or cell.number,
                self._describe_span(cell),
                *cell[2:7],
                f"{cell.required} %"
                if conditions[cell.number - 1].kind == PERCENTAGE
                else cell.required,
                labels.get(cell.verdict, ""),
            )
            for cell in cells
        ]
        if not rows:
            return False
        head = Markup().join(Markup("<th>%s</th>") % title for title in titles)
        body = Markup().join(
            Markup("<tr>%s</tr>") % Markup().join(Markup("<td>%s</td>") % value for value in row)
            for row in rows
        )
        return Markup(
            '<div class="table-responsive"><table class="table table-sm">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (head, body)

    @api.depends_context("lang")
    def _compute_found(self):
        for line in self:
            line.found = line._get_found()
            line.needed = line._get_needed()
            line.has_condition = bool(line._get_cells())

    def _get_needed(self):
        """Return how much was asked for, if it is one amount; else nothing."""
        cells = self._get_cells()
        if len(cells) != 1:
            return ""
        condition = self.run_id._get_conditions()[cells[0].number - 1]
        return f"{cells[0].required} %" if condition.kind == PERCENTAGE else str(cells[0].required)

    def _get_found(self):
        """Return how often the person came, or how many members of a household met theirs."""
        self.ensure_one()
        if self.kind != "household":
            return self._describe_person()
        if not self.members_counting:
            return _("No member counts")
        return _(
            "%(meeting)s of %(counting)s members",
            meeting=self.members_meeting,
            counting=self.members_counting,
        )

    # A household

    def _describe_household(self):
        if not self.members_counting:
            return _("No member counts")
        parts = [self._describe_members(), *self._describe_household_scope()]
        if self.members_exempt:
            parts.insert(1, _("%(count)s of them exempt", count=self.members_exempt))
        if self.members_without_data:
            parts.insert(1, _("%(count)s without data", count=self.members_without_data))
        if self.members_undecided:
            parts.insert(1, _("%(count)s not decided", count=self.members_undecided))
        return ", ".join(parts)

    def _describe_members(self):
        return _(
            "%(meeting)s of %(counting)s members met the conditions (%(needed)s)",
            meeting=self.members_meeting,
            counting=self.members_counting,
            needed=self.run_id._describe_needed_members(),
        )

    def _describe_household_scope(self):
        yield self.run_id._describe_period()
        conditions = self.run_id._get_conditions()
        if len(conditions) == 1:
            yield from filter(None, (conditions[0].type_name, conditions[0].location_name))
