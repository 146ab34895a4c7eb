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
        first, last = self._get_attendance_period()
        return Question(
            from_date=first,
            to_date=last,
            type_id=self.attendance_type_id.external_id or None,
            location_id=self.attendance_location_id.external_id or None,
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
        text = repr((self.attendance_source_id.id, question, known, module.latest_version))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _get_event_scope(self):
        """Return the SQL condition of the events that these criteria are about."""
        first, last = self._get_attendance_period()
        conditions = [SQL("event.attendance_date BETWEEN %s AND %s", first, last)]
        if self.attendance_source_id.protocol != RECORDED:
            conditions.append(SQL("event.source_id = %s", self.attendance_source_id.id or None))
        if self.attendance_type_id:
            conditions.append(SQL("event.attendance_type_id = %s", self.attendance_type_id.id))
        if self.attendance_location_id:
            conditions.append(
                SQL("event.attendance_location_id = %s", self.attendance_location_id.id)
            )
        return SQL(" AND ").join(conditions)

    def _prepare_question_vals(self):
        """Return the values of an intake that asks this question."""
        first, last = self._get_attendance_period()
        cycle = self._get_cycle()
        return {
            "source_id": self.attendance_source_id.id,
            "cycle_id": cycle.id,
            "program_id": cycle.program_id.id,
            "company_id": cycle._get_attendance_company().id,
            "from_date": first,
            "to_date": last,
            "attendance_type_id": self.attendance_type_id.id,
            "attendance_location_id": self.attendance_location_id.id,
            "question_key": self._get_question_key(),
        }
