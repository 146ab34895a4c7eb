"""Any rows that can't be used: corrected in the file to correct, they are what they would have been
if they had been right at once.

The random rows are the same in each run.
"""

import csv
import io
from datetime import date, datetime

from file_samples import LOCATIONS, REASONS, TODAY, TYPES
from files import Layout, RowError, open_table, read_rows, write_left_out
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

FIELDS = ("identifier", "category", "type", "location", "time", "record_id", "description", "date")
LAYOUT = Layout(**{field: field for field in FIELDS}, date_format="ymd")
WRONG, RIGHT = "2026-13-01", "2026-11-04"


def to_seconds(moment):
    return moment.replace(microsecond=0)


CHARS = st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\"',;#|\t\n =+-@")
TEXTS = (
    st.text(CHARS, max_size=20)
    | st.sampled_from(["", "", "007", "00", "=1+1", "=", "@SUM(1)", "#N/A", '"', '""', "a\nb\n"])
    | st.sampled_from(["x", "absent", "illness", "Training", "Hall A", "08:30", "sep=;", "#!"])
    | st.sampled_from(["1,23E+15", "1234567890123450", "x" * 3000, " ", "TRUE", "2026-11-04"])
)
VALUES = TEXTS | st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.integers(0, 3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1900, 3, 1), TODAY),
    st.datetimes(datetime(1950, 1, 1), datetime(2026, 11, 27)).map(to_seconds),
    st.times().map(to_seconds),
)
thorough = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def make_rows(cells):
    return st.lists(st.lists(cells, min_size=7, max_size=7), min_size=1, max_size=5)


def find(content):
    """Return what a file gives; of rows that can't be used, their numbers.

    A formula is a text afterwards: of a person, it is an ID that nobody has.
    """
    rows = read_rows(open_table(content, ""), LAYOUT, TYPES, LOCATIONS, TODAY, REASONS, 26)
    found = {}
    for row in rows:
        is_wrong = isinstance(row, RowError) or row.identifier.startswith("=")
        found[row.number] = None if is_wrong else row
    return found


def leave_out_twice(content, count, correct):
    """Return the file to correct, corrected, in the first and in the second round."""
    for _round in range(2):
        reasons = dict.fromkeys(range(2, count + 2), 'date: "no", it isn\'t;\nnever.')
        content = write_left_out(open_table(content, ""), reasons, "What Is Wrong").content
        yield correct(content)


@given(
    rows=make_rows(TEXTS | st.sampled_from(["a\r\nb", "a\rb", "a\x01b"])),
    separator=st.sampled_from(",;\t|#§"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@thorough
def test_a_text(rows, separator, encoding, quoting):
    def make(day):
        text = io.StringIO(newline="")
        text.write(f"sep={separator}\r\n")
        writer = csv.writer(text, delimiter=separator, quoting=quoting)
        writer.writerows([FIELDS, *([*row, day] for row in rows)])
        return text.getvalue().encode(encoding)

    def correct(content):
        return content.replace(WRONG.encode(), RIGHT.encode())

    expected = find(make(RIGHT))
    for corrected in leave_out_twice(make(WRONG), len(rows), correct):
        assert find(corrected) == expected


@given(rows=make_rows(VALUES))
@thorough
def test_a_workbook(rows):
    def make(day):
        book = Workbook()
        book.active.append(FIELDS)
        for row in rows:
            book.active.append([*row, day])
        return save(book)

    def correct(content):
        book = load_workbook(io.BytesIO(content))
        for row in book.active.iter_rows(min_row=2):
            assert row[7].value == WRONG
            row[7].value = RIGHT
        return save(book)

    expected = find(make(RIGHT))
    for corrected in leave_out_twice(make(WRONG), len(rows), correct):
        assert find(corrected) == expected


def save(book):
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
