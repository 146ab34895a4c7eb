"""Rows of what an attendance system answered, ready to be copied into the database."""

import csv
import io
from collections import Counter
from itertools import product
from typing import NamedTuple

from ..events.event_attendance import UNKNOWN
from ..sources.attendance_category_map import fold


class Ready(NamedTuple):
    """Attendances of some persons that are ready to be copied."""

    individual_ids: list
    lines: io.StringIO
    count: int
    has_shared: bool
    # Of whom a word is said that nobody has said the meaning of.
    unmapped_ids: set


class EventRows:
    """Makes rows of attendances, and counts those that say less than they should.

    It asks nothing of the database, so a thread of its own may use it.

    :param source: that they come from
    :param categories: types and locations, two dicts of records by the source's ids
    :param wanted: pairs of the ids of a type and a location, ``None`` for all: nothing else that
        comes is kept
    """

    def __init__(self, source, categories, wanted):
        self.wanted = None if (None, None) in wanted else set(wanted)
        self.type_ids, self.location_ids = (
            {external_id: record.id for external_id, record in records.items()}
            for records in categories
        )
        self.category_map = source._get_category_map()
        self.not_wanted = 0
        self.unknown_categories = 0
        self.unclear = 0
        self.unknown_words = Counter()

    def make_ready(self, attendances):
        """Make attendances ready to be stored.

        :param dict attendances: lists of `connector.Attendance` by partner id
        :rtype: Ready
        """
        if self.wanted:
            attendances = {key: self._keep_wanted(told) for key, told in attendances.items()}
        lines = io.StringIO()
        csv.writer(lines).writerows(
            self._get_row(individual_id, attendance)
            for individual_id, listed in attendances.items()
            for attendance in listed
        )
        ids = [each.external_id for listed in attendances.values() for each in listed]
        unmapped = {key for key, told in attendances.items() if any(map(self._is_unmapped, told))}
        return Ready(list(attendances), lines, len(ids), len(set(ids)) < len(ids), unmapped)

    def _keep_wanted(self, attendances):
        kept = []
        for attendance in attendances:
            type_id = self.type_ids.get(attendance.type_id)
            location_id = self.location_ids.get(attendance.location_id)
            pairs = product((type_id, None), (location_id, None))
            if not self.wanted.isdisjoint(pairs):
                kept.append(attendance)
        self.not_wanted += len(attendances) - len(kept)
        return kept

    def _get_row(self, individual_id, attendance):
        type_id = self.type_ids.get(attendance.type_id)
        location_id = self.location_ids.get(attendance.location_id)
        if (attendance.type_id and not type_id) or (attendance.location_id and not location_id):
            self.unknown_categories += 1
        category, reason_id = attendance.category, None
        if category == UNKNOWN:
            category, reason_id = self._find_meaning(attendance.word)
        return (
            individual_id,
            attendance.external_id,
            None,
            attendance.date,
            attendance.time,
            category,
            type_id,
            location_id,
            reason_id,
            attendance.description,
            attendance.external_url,
            attendance.submitted_by,
            attendance.submitted_datetime,
            attendance.submission_source,
        )

    def _is_unmapped(self, attendance):
        if attendance.category != UNKNOWN or not attendance.word:
            return False
        return fold(attendance.word) not in self.category_map

    def _find_meaning(self, word):
        meaning = self.category_map.get(fold(word))
        if word and not meaning:
            self.unknown_words[word] += 1
        category, reason_id = meaning or (UNKNOWN, None)
        if category == UNKNOWN:
            self.unclear += 1
        return category, reason_id
