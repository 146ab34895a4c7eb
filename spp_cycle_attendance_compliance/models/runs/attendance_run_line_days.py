from collections import defaultdict
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.tools import SQL, format_date, get_lang

from ...verdicts import COMPLIANT, DAYS, EXEMPT, PERCENTAGE
from ..events.event_attendance import ABSENT, EXCUSED, PRESENT, UNKNOWN
from ..intakes.attendance_answer import KNOWN
from ..sources.attendance_source import RECORDED as RECORDED_HERE
from .counted_days import FREE, Day, Record, fold, is_among, sum_up
from .draft import RECORDED, UNRECORDED
from .free_days import FreeDays, choose

# What is found of persons whose events were counted at all.
COUNTED = (KNOWN, RECORDED, UNRECORDED, "silent")
# A sign and a colour of each kind of day, since not everybody tells colours apart.
SIGNS = {
    PRESENT: ("✓", "text-bg-success"),
    EXCUSED: ("E", "text-bg-info"),
    ABSENT: ("✕", "text-bg-secondary"),
    UNKNOWN: ("?", "text-bg-warning"),
    FREE: ("–", "text-bg-light border"),
}
NOTHING_ON_FREE_DAY = ("·", "text-bg-light border")
# What of an attendance decides whether, and as what, it counts.
TOLD = (
    *("individual_id", "attendance_date", "attendance_category"),
    *("attendance_type_id", "attendance_location_id", "withdrawn"),
)
# In a longer period only the months are shown in which there is something.
ALL_MONTHS = 12
ONE_DAY = timedelta(days=1)


class AttendanceRunLine(models.Model):
    """The very days that a verdict counted, as they were stored when it was decided."""

    _inherit = "spp.attendance.run.line"

    counted_days = fields.Html("Days Counted", compute="_compute_counted_days")

    @api.depends_context("lang")
    def _compute_counted_days(self):
        for line in self:
            line.counted_days = line._show_counted_days()

    def _show_counted_days(self):
        """Return the days that this verdict counted as calendars of months, in HTML."""
        self.ensure_one()
        persons = self._get_day_lines()
        records = self._get_counted_records(persons)
        return self.env["ir.qweb"]._render(
            "spp_cycle_attendance_compliance.counted_days",
            {
                "persons": [
                    person._prepare_days(records[person.partner_id.id]) for person in persons
                ],
                "is_household": self.kind == "household",
                "weekdays": self._get_weekdays(),
                "legend": self._get_day_legend(),
            },
        )

    def _get_day_lines(self):
        """Return the lines of the persons whose days this verdict counted.

        Of a household, who did not meet what was asked comes first.
        """
        if self.kind != "household":
            return self
        members = self.sudo().member_line_ids.filtered("counts")
        return members.sorted(lambda member: member.verdict in (COMPLIANT, EXEMPT))

    # What is stored, as it was then

    @api.model
    def _get_counted_records(self, persons):
        """Return what a run found stored of some persons, and what was changed since.

        :param persons: lines of one run
        :return: by person's id: a list of `Record`
        """
        records = defaultdict(list)
        persons = persons.filtered(lambda person: person.finding in COUNTED)
        if not persons:
            return records
        run = persons.run_id.sudo()
        decided_at = run.decided_at or run.finished_at or run.create_date
        first, last = run._get_attendance_period()
        source = run.attendance_source_id
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT event.id, event.individual_id, event.attendance_date,
                    event.attendance_category, event.attendance_type_id,
                    event.attendance_location_id, coalesce(event.withdrawn, FALSE),
                    coalesce(event.create_date > %(decided)s, FALSE)
                FROM spp_event_attendance AS event
                WHERE event.individual_id = ANY(%(persons)s) AND %(own)s AND (
                    event.attendance_date BETWEEN %(first)s AND %(last)s OR EXISTS (
                        SELECT FROM spp_event_attendance_change AS change
                        WHERE change.event_id = event.id AND change.create_date > %(decided)s
                            AND change.field_name = 'attendance_date'
                    )
                )
                ORDER BY event.attendance_date, event.id
                """,
                persons=persons.partner_id.ids,
                own=SQL("TRUE")
                if source.protocol == RECORDED_HERE
                else SQL("event.source_id = %s", source.id or None),
                first=first,
                last=last,
                decided=decided_at,
            )
        )
        events = self.env.cr.fetchall()
        before = self._get_values_before([event[0] for event in events], decided_at)
        ids = self._get_ids_by_name(run)
        for event_id, person_id, *told, withdrawn, is_new in events:
            old = before.get(event_id, {})
            record = self._make_record(told, withdrawn, {} if is_new else old, ids)
            record = record._replace(
                counted=record.counted and not is_new,
                changed=is_new or bool(old),
                event_id=event_id,
            )
            is_gone = not record.counted and (withdrawn if is_new else not record.changed)
            if first <= record.date <= last and not is_gone:
                records[person_id].append(record)
        return records

    @api.model
    def _get_values_before(self, event_ids, decided_at):
        """Return what of events was changed after a moment, as it was then, by event's id.

        :return: dicts of texts, as the changes keep them, by the field's name
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT event_id, field_name, old_value FROM spp_event_attendance_change
                WHERE event_id = ANY(%s) AND create_date > %s AND field_name IN %s
                ORDER BY id
                """,
                event_ids,
                decided_at,
                TOLD,
            )
        )
        before = defaultdict(dict)
        for event_id, name, old in self.env.cr.fetchall():
            before[event_id].setdefault(name, old)
        return before

    @api.model
    def _make_record(self, told, withdrawn, old, ids):
        day, category, type_id, location_id = told
        if old.get("attendance_date"):
            day = date.fromisoformat(old["attendance_date"])
        if "attendance_type_id" in old:
            type_id = ids["type"].get(old["attendance_type_id"])
        if "attendance_location_id" in old:
            location_id = ids["location"].get(old["attendance_location_id"])
        if "attendance_category" in old:
            category = ids["category"].get(old["attendance_category"], category)
        was_withdrawn = old["withdrawn"] == "true" if "withdrawn" in old else withdrawn
        # Whose it was before, another person's, it was counted for.
        counted = not was_withdrawn and "individual_id" not in old
        return Record(day, category, type_id, location_id, counted)

    @api.model
    def _get_ids_by_name(self, run):
        """Return what the words that changes keep mean: of categories, and of what was asked for.

        Changes by hand keep the words of the language of who made them.
        """
        category = self.env["spp.event.attendance"]._fields["attendance_category"]
        words = {}
        for code, __ in self.env["res.lang"].get_installed():
            labels = category._description_selection(self.with_context(lang=code).env)
            words |= {label: value for value, label in labels}
        words |= {value: value for value in SIGNS}
        ids = {"category": words, "type": {}, "location": {}}
        for condition in run._get_conditions():
            for kind, (id_, name) in {
                "type": (condition.type_id, condition.type_name),
                "location": (condition.location_id, condition.location_name),
            }.items():
                if id_:
                    known = self.env[f"spp.res.config.attendance.{kind}"].browse(id_).exists()
                    ids[kind] |= {name: id_, **{known.sudo().name: id_ for known in known}}
        return ids

    # How it is shown

    def _get_free_for(self, condition):
        """Return the days that were free for this person, of a condition."""
        free = [
            FreeDays(date.fromisoformat(first), date.fromisoformat(last), why, tuple(places))
            for first, last, why, places in (self.proof or {}).get("free", [])
        ]
        return choose(free, condition.location_id)

    def _get_days_of(self, number, records):
        """Return what each day with a record counted as for a condition, by its date.

        :param number: of the condition, from 1
        """
        condition = self.run_id._get_conditions()[number - 1]
        own = [
            record
            for record in records
            if condition.type_id in (None, record.type_id)
            and condition.location_id in (None, record.location_id)
        ]
        return fold(own, condition.unit == DAYS, self._get_free_for(condition))

    def _prepare_days(self, records):
        """Return what the template shows of a person."""
        cells = defaultdict(list)
        for cell in self._get_cells():
            cells[cell.number].append(cell)
        conditions = [
            self._prepare_condition(number, own, self._get_days_of(number, records))
            for number, own in cells.items()
        ]
        return {
            "name": self.partner_id.name,
            "reason": self._get_verdict_sentence(),
            "conditions": conditions,
            "undated": self.undated,
            "differs": any(condition["differs"] for condition in conditions),
        }

    def _prepare_condition(self, number, cells, days):
        run = self.run_id
        condition = run._get_conditions()[number - 1]
        free = self._get_free_for(condition)
        spans = {(span.number, str(span.month or "")): span for span in run._get_spans()}
        parts = []
        for cell in cells:
            span = spans[cell.number, cell.month]
            own = {day: each for day, each in days.items() if span.first <= day <= span.last}
            months = self._get_months(span, own)
            parts.append(
                {
                    "months": [self._prepare_month(month, span, own, free) for month in months],
                    "sums": self._get_sums(cell, condition),
                    "span": self._describe_span(cell),
                    "free": self._describe_free_days(cell),
                    "differs": self._differs(cell, own.values()),
                }
            )
        return {
            "title": run._describe_condition(condition),
            "parts": parts,
            "differs": any(part["differs"] for part in parts),
        }

    @api.model
    def _differs(self, cell, days):
        """Return whether days sum up to something else than the verdict's proof says."""
        found = sum_up(days)
        kinds = (PRESENT, EXCUSED, ABSENT, UNKNOWN, FREE)
        counts = cell.present, cell.excused, cell.absent, cell.unclear, cell.free
        return tuple(found[kind] for kind in kinds) != counts

    @api.model
    def _get_months(self, span, days):
        """Return the first days of the months to show of a span."""
        with_something = {day.replace(day=1) for day in days}
        first, last = span.first.replace(day=1), span.last.replace(day=1)
        if (last.year - first.year) * 12 + last.month - first.month >= ALL_MONTHS:
            return sorted(with_something)
        months = []
        while first <= last:
            months.append(first)
            first += relativedelta(months=1)
        return months

    def _prepare_month(self, month, span, days, free):
        """Return a month for the template: its weeks of seven days, ``None`` outside of it."""
        last = month + relativedelta(months=1) - ONE_DAY
        before = (month.isoweekday() - self._get_first_weekday()) % 7
        cells = [None] * before
        for number in range(last.day):
            day = month + timedelta(days=number)
            is_in = span.first <= day <= span.last
            cells.append(self._prepare_day(day, days.get(day), is_in, free))
        cells += [None] * (-len(cells) % 7)
        return {
            "title": format_date(self.env, month, date_format="MMMM yyyy"),
            "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        }

    @api.model
    def _prepare_day(self, day, found, is_in, free):
        found = found or Day({}, is_in and is_among(day, free))
        labels = self._get_day_labels()
        signs = [
            (sign if count == 1 else f"{sign}{count}", labels[kind])
            for kind, (sign, __) in SIGNS.items()
            for count in [found.counts.get(kind, 0)]
            if count
        ]
        colour = next((SIGNS[kind][1] for kind in SIGNS if found.counts.get(kind)), "")
        if not signs and found.is_free:
            sign, colour = NOTHING_ON_FREE_DAY
            signs = [(sign, _("Free day, nothing recorded"))]
        words = [text for __, text in signs]
        if found.changed:
            words.append(_("Changed since"))
        return {
            "number": day.day,
            "is_in": is_in,
            "sign": " ".join(sign for sign, __ in signs),
            "colour": colour,
            "changed": found.changed,
            "text": "; ".join([format_date(self.env, day), *words]) if words else "",
        }

    @api.model
    def _get_day_labels(self):
        return {
            PRESENT: _("Present"),
            EXCUSED: _("Excused"),
            ABSENT: _("Absent"),
            UNKNOWN: _("Unknown"),
            FREE: _("Absent on a free day"),
        }

    @api.model
    def _get_day_legend(self):
        """Return each sign with its colour and what it means."""
        labels = self._get_day_labels()
        legend = [(sign, colour, labels[kind]) for kind, (sign, colour) in SIGNS.items()]
        legend.append((*NOTHING_ON_FREE_DAY, _("Free day, nothing recorded")))
        return [*legend, ("*", "border", _("Changed since"))]

    @api.model
    def _get_sums(self, cell, condition):
        """Return what was found in a span, as the verdict counted it: titles and values."""
        labels = dict(self._fields["verdict"]._description_selection(self.env))
        by_percentage = condition.kind == PERCENTAGE
        return [
            (_("Present"), cell.present),
            (_("Excused"), cell.excused),
            (_("Absent"), cell.absent),
            (_("Unknown"), cell.unclear),
            (_("Absent on free days"), cell.free),
            (_("Needed"), f"{cell.required} %" if by_percentage else cell.required),
            (_("Verdict"), labels.get(cell.verdict, "")),
        ]

    @api.model
    def _get_first_weekday(self):
        """Return with which day a week begins for the reader: 1 for Monday, to 7."""
        return int(get_lang(self.env).week_start)

    @api.model
    def _get_weekdays(self):
        """Return the days of a week, in the reader's order: short and whole names."""
        monday = date(2024, 1, 1)
        days = [
            monday + timedelta(days=(self._get_first_weekday() - 1 + number) % 7)
            for number in range(7)
        ]
        return [
            tuple(format_date(self.env, day, date_format=form) for form in ("EEEEEE", "EEEE"))
            for day in days
        ]

    # Buttons

    def action_open_days(self):
        """Open the days that this verdict counted, as calendars of months."""
        self.ensure_one()
        view = self.env.ref("spp_cycle_attendance_compliance.view_attendance_days_form")
        return {
            "type": "ir.actions.act_window",
            "name": _(
                "Days Counted: %(name)s, %(cycle)s",
                name=self.partner_id.name,
                cycle=self.cycle_id.name,
            ),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [[view.id, "form"]],
            "target": "new",
        }

    def action_open_day_events(self):
        """Open what is recorded of these persons on the days that count."""
        self.ensure_one()
        run = self.run_id.sudo()
        first, last = run._get_attendance_period()
        domain = [
            ("individual_id", "in", self._get_day_lines().partner_id.ids),
            ("attendance_date", ">=", first),
            ("attendance_date", "<=", last),
        ]
        if run.attendance_source_id.protocol != RECORDED_HERE:
            domain.append(("source_id", "=", run.attendance_source_id.id))
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendances"),
            "res_model": "spp.event.attendance",
            "view_mode": "list,calendar,form",
            "domain": domain,
            "context": {"create": False},
        }
