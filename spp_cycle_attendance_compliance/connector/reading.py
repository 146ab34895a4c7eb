"""From the server's JSON to the answer about a batch of persons.

What is wrong with one record sets that record aside; it says nothing about the others, unless
there are many of them.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from hashlib import blake2b
from itertools import repeat
from marshal import dumps

from .checking import (
    LONGEST_DESCRIPTION,
    AttendanceReader,
    BadRecord,
    clean,
    get_fields,
    read_count,
    read_id,
)
from .errors import BadAnswerError
from .failures import ASK_THEM
from .records import Answer, Category, Known, PersonAnswer, Question, SetAside

SHOWN_REASONS = 3
# Of marshal's formats, the last one that depends on the value alone. It is twice as fast as JSON;
# would another Python write it otherwise, all persons would be read once more, no harm done.
_FORMAT = 2


def read_answer(
    asked: Sequence[str],
    rows: Collection,
    question: Question,
    known: Mapping[str, Known],
    call: str,
    last_day: date = date.max,
) -> Answer:
    """Check all that came about a batch of persons.

    :param asked: the persons' IDs
    :param rows: the records as they came, of whatever type
    :param known: by person ID; who still has the same digest is not checked again
    :param call: what is done, for the errors
    :param last_day: the last one of which there can be an attendance, such as today
    :raises BadAnswerError: if more than one record is bad, and more than one in ten
    """
    batch = _Batch(question, last_day)
    persons = {}
    for person_id, own_rows in batch.group(asked, rows).items():
        last = known.get(person_id)
        answer = batch.read_person(person_id, own_rows, last.digest if last else None)
        if answer:
            persons[person_id] = answer
    batch.check(call)
    return Answer(
        tuple(asked),
        persons,
        tuple(batch.set_aside),
        batch.not_asked_for,
        tuple(batch.contradictions),
        batch.duplicates,
    )


def read_categories(payload: dict, call: str) -> list[Category]:
    """Return the types or locations of an answer. One without a usable ID is left out, one without
    a name is called by its ID.

    :raises BadAnswerError: if there are records, but none is usable
    """
    rows = payload.get("records")
    if not isinstance(rows, list):
        raise BadAnswerError("the answer has no list of records", call, advice=ASK_THEM)
    found = {}
    for row in rows:
        number = read_id(row.get("id")) if isinstance(row, dict) else None
        if number:
            name = clean(row.get("name")).strip() or str(number)
            description = clean(row.get("description"), LONGEST_DESCRIPTION)
            found.setdefault(number, Category(number, name, description))
    if rows and not found:
        raise BadAnswerError("none of the records has a usable id", call, advice=ASK_THEM)
    return list(found.values())


def get_row_key(row) -> str | bytes:
    """Return what tells one row from others: the person's ID, or else all that is in it."""
    try:
        return _get_person_id(row)
    except BadRecord:
        return _make_key(row)


def _make_key(row):
    try:
        return dumps(row, _FORMAT)
    except ValueError:  # nested too deeply
        return b""


class _Batch:
    """Reads the rows of one batch, and counts what is odd about them."""

    def __init__(self, question, last_day):
        self.set_aside = []
        self.contradictions = []
        self.not_asked_for = 0
        self.duplicates = 0
        self._received = 0
        self._question = question
        self._reader = AttendanceReader(last_day)

    def group(self, asked, rows):
        """Return the rows of each person asked about, in the order of the question."""
        by_person = {person_id: [] for person_id in asked}
        for row in rows:
            self._received += 1
            try:
                by_person[_get_person_id(row)].append(row)
            except BadRecord as reason:
                self.set_aside.append(SetAside(None, str(reason)))
            except KeyError:
                self.not_asked_for += 1
        return {person_id: own_rows for person_id, own_rows in by_person.items() if own_rows}

    def read_person(self, person_id, rows, known_digest):
        """Return the answer about one person, ``None`` if all is set aside.

        Who comes in several rows has the attendances of all of them.
        """
        self.duplicates += len(rows) - 1
        try:
            lists = [_get_list(row) for row in rows]
            digest = _make_digest(rows)
        except BadRecord as reason:
            self.set_aside.append(SetAside(person_id, str(reason)))
            return None
        self._received += sum(map(len, lists))
        if digest == known_digest:
            return PersonAnswer(person_id, digest, None)
        bad_before = len(self.set_aside)
        found = {}
        for row, items in zip(rows, lists, strict=True):
            own = self._read_list(person_id, items, row.get("dates_present"))
            found = _merge(found, own) if found else own
        bad = len(self.set_aside) - bad_before
        if _contradicts(rows, found.values(), bad):
            self.contradictions.append(person_id)
        kept = self._keep_asked_for([found[number] for number in sorted(found)])
        return PersonAnswer(person_id, digest, kept, bad)

    def _read_list(self, person_id, items, dates_present):
        found, count = {}, 0
        for item in items:
            try:
                attendance = self._reader.read_item(item, dates_present)
            except BadRecord as reason:
                self.set_aside.append(SetAside(person_id, str(reason)))
                continue
            count += 1
            number = attendance[0]
            found[number] = _choose(found[number], attendance) if number in found else attendance
        self.duplicates += count - len(found)
        return found

    def _keep_asked_for(self, items):
        asked = self._question
        first, last = asked.from_date, asked.to_date
        kept = [item for item in items if first <= item.date <= last]
        if asked.type_id is not None:
            kept = [item for item in kept if item.type_id == asked.type_id]
        if asked.location_id is not None:
            kept = [item for item in kept if item.location_id == asked.location_id]
        self.not_asked_for += len(items) - len(kept)
        return tuple(kept)

    def check(self, call):
        count = len(self.set_aside)
        if count <= max(1, self._received // 10):
            return
        reasons = Counter(bad.reason for bad in self.set_aside).most_common(SHOWN_REASONS)
        listed = "; ".join(f"{reason} ({number} times)" for reason, number in reasons)
        problem = f"{count} of {self._received} records can't be used: {listed}"
        raise BadAnswerError(problem, call, advice=f"Nothing of it is used. {ASK_THEM}")


def _get_person_id(row):
    if row.__class__ is not dict:
        raise BadRecord("the record is not an object")
    value = row.get("person_id")
    if type(value) is int:
        value = str(value)
    if value in (None, False, ""):
        raise BadRecord("person_id is missing")
    if value.__class__ is not str:
        raise BadRecord("person_id is neither text nor a number")
    return value


def _get_list(row):
    items = row.get("attendance_list")
    # Nothing in its place is no statement that the person was never there.
    if items.__class__ is not list:
        raise BadRecord("attendance_list is not a list")
    return items


def _make_digest(rows):
    """Hash what came about one person, without the order and the repetitions in which it came."""
    parts = set()
    try:
        for row in rows:
            head = dict(row)
            items = head.pop("attendance_list")
            # Of ordinary ones, what is read: without the fields' names there is less to hash.
            with suppress(KeyError, TypeError):
                items = list(map(get_fields, items))
            parts.update(map(dumps, items, repeat(_FORMAT)))
            if head.get("dates_present").__class__ is list:
                parts.update(map(dumps, head.pop("dates_present"), repeat(_FORMAT)))
            parts.add(dumps(head, _FORMAT))
    except ValueError:
        raise BadRecord("the record is nested too deeply") from None
    return blake2b(b"".join(sorted(parts)), digest_size=16).hexdigest()


def _merge(found, more):
    merged = found | more
    for number in found.keys() & more.keys():
        merged[number] = _choose(found[number], more[number])
    return merged


def _choose(one, other):
    """Of two versions of an attendance, return the one submitted later; if that doesn't tell, the
    same one in whatever order they came."""
    return max(one, other, key=lambda item: (item.submitted_datetime, repr(item)))


def _contradicts(rows, attendances, bad):
    """Whether a row has a number of days present that its list doesn't bear out."""
    days = len({item.date for item in attendances if item.category == "present"})
    said = {read_count(row.get("number_of_days_present")) for row in rows} - {None}
    # One that can't be read may, or may not, be a day of its own to the server.
    unclear = bad + sum(item.category == "unknown" for item in attendances)
    return any(not days <= number <= days + unclear for number in said)
