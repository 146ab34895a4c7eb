import hashlib
from dataclasses import replace
from datetime import date

from odoo import models
from odoo.tools import SQL

from ...connector import Question
from ..sources.attendance_source import RECORDED
from .attendance_criteria_mixin import ALL_SO_FAR


class AttendanceCriteriaMixin(models.AbstractModel):
    """What a source is asked for criteria's sake: by a run, and by the nightly poll alike."""

    _inherit = "spp.attendance.criteria.mixin"

    def _get_question(self):
        """Return one question for all conditions: of one type, or location, or else of all."""
        first, last = self._get_attendance_period()
        types, locations = zip(*self._get_scopes(), strict=True)
        asked = []
        for model, ids in (
            ("spp.res.config.attendance.type", types),
            ("spp.res.config.attendance.location", locations),
        ):
            only = self.env[model].browse(ids[0] if len(set(ids)) == 1 and ids[0] else ())
            asked.append(only.external_id or None)
        return Question(first, last, *asked)

    def _get_scopes(self):
        """Return the types and locations that conditions ask for: pairs of ids, ``None`` for all.

        What no condition asks for is not stored.
        """
        return sorted(
            {condition.scope for condition in self._get_conditions()},
            key=lambda pair: (pair[0] or 0, pair[1] or 0),
        )

    def _get_categories(self):
        """Return the types and the locations of the source, by its ids."""
        source = self.attendance_source_id
        return (
            self.env["spp.res.config.attendance.type"]._get_by_external_id(source),
            self.env["spp.res.config.attendance.location"]._get_by_external_id(source),
        )

    def _get_question_key(self):
        """Return what tells this question from others, in a few characters.

        The types and locations that are known here are part of it, and what the source's words
        mean: an answer that was stored without them has to be stored again once they are there. So
        is this addon's version: another one may read the same answer otherwise.
        """
        known = [
            sorted((external_id, record.id) for external_id, record in records.items())
            for records in self._get_categories()
        ]
        known.append(sorted(self.attendance_source_id._get_category_map().items()))
        module = self.env.ref("base.module_spp_cycle_attendance_compliance").sudo()
        question = self._get_question()
        if self.attendance_period == ALL_SO_FAR:
            # It is the same question tomorrow, when it ends a day later.
            question = replace(question, to_date=date.max)
        asked = self.attendance_source_id.id, question, self._get_scopes()
        text = repr((*asked, known, module.latest_version))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _get_period_scope(self):
        """Return the SQL condition of the events of the source and the period."""
        first, last = self._get_attendance_period()
        scope = SQL("event.attendance_date BETWEEN %s AND %s", first, last)
        if self.attendance_source_id.protocol == RECORDED:
            return scope
        return SQL("%s AND event.source_id = %s", scope, self.attendance_source_id.id or None)

    def _get_event_scope(self):
        """Return the SQL condition of the events that these criteria are about."""
        scopes = self._get_scopes()
        if (None, None) in scopes:
            return self._get_period_scope()
        asked = SQL(" OR ").join(
            SQL(
                "(%s AND %s)",
                SQL("event.attendance_type_id = %s", type_id) if type_id else SQL("TRUE"),
                SQL("event.attendance_location_id = %s", location_id)
                if location_id
                else SQL("TRUE"),
            )
            for type_id, location_id in scopes
        )
        return SQL("%s AND (%s)", self._get_period_scope(), asked)

    def _get_covering_condition(self):
        """Return the SQL condition of the ``intake`` that covers what is asked for now.

        Each of today's types and locations was asked for then, over all of today's days.
        """
        first, last = self._get_attendance_period()
        covered = SQL("intake.to_date >= %s", last)
        if self.attendance_period == ALL_SO_FAR:
            covered = SQL(
                "(%s OR intake.question_key = %s OR EXISTS ("
                "SELECT FROM spp_attendance_run AS asking"
                " WHERE asking.id = intake.run_id AND asking.attendance_period = %s))",
                covered,
                self._get_question_key(),
                ALL_SO_FAR,
            )
        wanted = SQL(", ").join(
            SQL("(%s::integer, %s::integer)", *scope) for scope in self._get_scopes()
        )
        return SQL(
            """
            intake.source_id = %s AND intake.from_date <= %s AND %s AND NOT EXISTS (
                SELECT FROM (VALUES %s) AS wanted (type_id, location_id)
                WHERE NOT EXISTS (
                    SELECT FROM jsonb_array_elements(coalesce(intake.asked_scopes,
                        jsonb_build_array(jsonb_build_array(
                            intake.attendance_type_id, intake.attendance_location_id)))) AS asked
                    WHERE coalesce((asked->>0)::integer, wanted.type_id)
                            IS NOT DISTINCT FROM wanted.type_id
                        AND coalesce((asked->>1)::integer, wanted.location_id)
                            IS NOT DISTINCT FROM wanted.location_id
                )
            )
            """,
            self.attendance_source_id.id,
            first,
            covered,
            wanted,
        )

    def _prepare_question_vals(self):
        """Return the values of an intake that asks this question."""
        first, last = self._get_attendance_period()
        cycle, scopes = self._get_cycle(), self._get_scopes()
        types, locations = (set(ids) for ids in zip(*scopes, strict=True))
        return {
            "source_id": self.attendance_source_id.id,
            "cycle_id": cycle.id,
            "program_id": cycle.program_id.id,
            "company_id": cycle._get_attendance_company().id,
            "from_date": first,
            "to_date": last,
            "attendance_type_id": types.pop() if len(types) == 1 else None,
            "attendance_location_id": locations.pop() if len(locations) == 1 else None,
            "asked_scopes": scopes,
            "question_key": self._get_question_key(),
        }
