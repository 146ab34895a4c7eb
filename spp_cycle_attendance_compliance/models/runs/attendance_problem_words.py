from odoo import _, api, models
from odoo.tools import SQL

from ...verdicts import NO_DATA, UNDECIDED
from ..intakes.attendance_answer import UNKNOWN, UNREADABLE
from ..intakes.identifiers import find_persons
from .attendance_problem import (
    CHANGED,
    JOINED,
    NO_BIRTH_DATE,
    OTHER_STATE,
    REMARK,
    SILENT,
    UNCLEAR,
    UNDATED,
)
from .draft import NO_IDENTIFIER, NOT_ASKED, SHARED_IDENTIFIER, UNRECORDED


class AttendanceRunLine(models.Model):
    """What to do about a problem, in one sentence or two."""

    _inherit = "spp.attendance.run.line"

    @api.depends("problem")
    @api.depends_context("lang", "uid", "su", "allowed_company_ids")
    def _compute_problem_to_do(self):
        names = {**self._find_who_shares(), **self._find_silent_places()}
        for line in self:
            line.problem_to_do = line.problem and line._describe_to_do(names.get(line.id))

    def _find_who_shares(self):
        """Return the name of one other person who has the same ID, by the line's id."""
        shared = self.filtered(lambda line: line.problem == SHARED_IDENTIFIER)
        names = {}
        for source in shared.sudo().run_id.attendance_source_id:
            own = shared.filtered(
                lambda line, source=source: line.sudo().run_id.attendance_source_id == source
            )
            self.env.cr.execute(
                SQL(
                    """
                    SELECT line.id, other.name FROM spp_attendance_run_line AS line
                    CROSS JOIN LATERAL (
                        SELECT person.name FROM (%(sharing)s) AS sharing
                        JOIN res_partner AS person ON person.id = sharing.id
                        WHERE person.id != line.partner_id AND person.active AND %(seen)s
                        ORDER BY person.id LIMIT 1
                    ) AS other
                    WHERE line.id = ANY(%(ids)s)
                    """,
                    sharing=find_persons(source.id_type_id.id, SQL("line.identifier")),
                    seen=SQL("TRUE")
                    if self.env.su
                    else SQL(
                        "(person.company_id IS NULL OR person.company_id = ANY(%s))",
                        self.env.companies.ids,
                    ),
                    ids=own.ids,
                )
            )
            names.update(self.env.cr.fetchall())
        return names

    def _find_silent_places(self):
        """Return the name of the place where each person last attended, by the line's id."""
        silent = self.filtered(lambda line: line.problem == SILENT)
        if not silent:
            return {}
        self.env.cr.execute(
            SQL(
                """
                SELECT line.id, last.attendance_location_id FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id
                CROSS JOIN LATERAL (
                    SELECT event.attendance_location_id FROM spp_event_attendance AS event
                    WHERE event.individual_id = line.partner_id AND event.withdrawn IS NOT TRUE
                        AND event.attendance_date < run.from_date
                        AND event.attendance_location_id IS NOT NULL
                    ORDER BY event.attendance_date DESC, event.id DESC LIMIT 1
                ) AS last
                WHERE line.id = ANY(%s)
                """,
                silent.ids,
            )
        )
        places = self.env["spp.res.config.attendance.location"].sudo()
        return {
            line_id: places.browse(place_id).name for line_id, place_id in self.env.cr.fetchall()
        }

    def _describe_to_do(self, name):
        """Return what to do about the problem.

        :param name: who has the same ID, or which place did not report; None if nobody knows
        """
        self.ensure_one()
        to_do = self._get_to_do(name)
        main = self.household_line_id or self
        if main.status == NO_DATA and main.state_after == "draft" and self.problem != UNDECIDED:
            return _(
                "%(to_do)s Until then no entitlement is prepared: nothing is decided, and the "
                "membership is still in draft.",
                to_do=to_do,
            )
        return to_do

    def _get_to_do(self, name):
        id_type = self.sudo().run_id.attendance_source_id.id_type_id.name
        if self.problem == NO_IDENTIFIER and id_type:
            return _(
                "Enter an ID of the type %(type)s on the person's page, then check again.",
                type=id_type,
            )
        if self.problem == SHARED_IDENTIFIER and name:
            return _(
                "Has the same ID as %(name)s: correct one of them, then check again.", name=name
            )
        if self.problem == SILENT and name:
            return _(
                "Nothing came from %(place)s: ask there, then check again; or decide yourself by "
                "an override.",
                place=name,
            )
        if self.problem == REMARK:
            return _(
                "Read the remark, and look at the person's attendances: %(remark)s",
                remark=self.note,
            )
        sentences = {
            NO_IDENTIFIER: _("Enter an ID on the person's page, then check again."),
            SHARED_IDENTIFIER: _(
                "Make sure that this person and nobody else has the ID, then check again."
            ),
            UNKNOWN: _(
                "Compare the ID on the person's page with that in the attendance system: correct "
                "it, or have the person registered there; then check again."
            ),
            UNREADABLE: _("Ask whoever runs the attendance system, then check again."),
            UNDATED: _(
                "Ask whoever runs the attendance system to correct the records without a "
                "readable day, then check again."
            ),
            NOT_ASKED: _("Check the attendance again: so far nobody has asked about this person."),
            SILENT: _(
                "Ask where the person attends why nothing came, then check again; or decide "
                "yourself by an override."
            ),
            UNRECORDED: _(
                "Find out whether the attendance was recorded anywhere and bring it in, then "
                "check again."
            ),
            UNCLEAR: _(
                "Find out whether the person came on the days that are unknown and have them "
                "corrected, then check again; or decide yourself by an override."
            ),
            NO_BIRTH_DATE: _("Enter the birth date on the person's page, then check again."),
            UNDECIDED: _("Decide yourself: override the attendance, or enrol who is in draft."),
            CHANGED: _(
                "Check the attendance again: the ID, the household, an override or the records "
                "were changed while it was checked."
            ),
            JOINED: _("Check the attendance again: joined the cycle while it was checked."),
            OTHER_STATE: _(
                "Give the membership another state, if this one is wrong: attendance does not "
                "decide about it."
            ),
        }
        return sentences[self.problem]
