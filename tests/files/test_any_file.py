"""Any file at all: the same rows whatever it is written like; only its own errors if it is broken.

The random files are the same in each run.
"""

import csv
import io
import string
import time
import tracemalloc
import zipfile
from datetime import date, datetime, timedelta

from file_samples import (
    LOCATIONS,
    TODAY,
    TYPES,
    make_cells,
    make_inline,
    make_parts,
    make_row,
    make_text,
    make_workbook,
    pack,
)
from files import (
    FileError,
    Layout,
    Row,
    RowError,
    guess_layout,
    open_table,
    read_rows,
    write_table,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

thorough = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
quick = settings(thorough, max_examples=100)

LONGEST_SECONDS = 20
# What all encodings have.
CHARS = st.characters(codec="cp1252", exclude_categories=["Cc", "Cs"])
DATES = st.dates(date(1900, 1, 1), TODAY)
FORMATS = {"ymd": "%Y-%m-%d", "dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y"}
WORDS = {"present": ["x", "Présent", "1", "YES"], "absent": ["0", "ausente"], "unknown": ["?"]}
FIELDS = ("identifier", "date", "category", "type", "location", "time", "record_id", "description")


@st.composite
def known_rows(draw):
    """A row, and the texts that say it."""
    identifier = draw(st.text(CHARS, min_size=1, max_size=20).filter(lambda text: text.strip()))
    category = draw(st.sampled_from([*WORDS]))
    kind, place = draw(st.sampled_from(["", *TYPES])), draw(st.sampled_from(["", *LOCATIONS]))
    moment = draw(st.sampled_from(["", "08:30:00", "23:59:59"]))
    number = draw(st.sampled_from(["", "1", "9876543210"]))
    remark = draw(st.text(CHARS | st.sampled_from(',;|\t"\n'), max_size=30))
    day = draw(DATES)
    row = make_row(
        0,
        identifier.strip(" \xa0"),
        date=day,
        time=moment,
        category=category,
        type_id=TYPES.get(kind),
        location_id=LOCATIONS.get(place),
        description=remark,
        record=number and f"#{number}",
    )
    word = draw(st.sampled_from(WORDS[category]))
    return row, (identifier, day, word, kind.title(), place.upper(), moment, number, remark)


@given(
    rows=st.lists(known_rows(), min_size=1, max_size=6),
    order=st.permutations(FIELDS),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
    date_format=st.sampled_from([*FORMATS]),
)
@thorough
def test_the_same_rows_however_they_are_written(
    rows, order, separator, encoding, quoting, end, date_format
):
    layout = Layout(**{field: field for field in FIELDS}, date_format=date_format)
    expected = [row._replace(number=number) for number, (row, _texts) in enumerate(rows, 2)]
    tables = {"text": [], "workbook": [], "days": []}
    for _row, texts in rows:
        texts = dict(zip(FIELDS, texts, strict=True))
        day = texts["date"]
        written = f"{day:%Y-%m-%d}" if date_format == "ymd" else day.strftime(FORMATS[date_format])
        tables["text"].append([{**texts, "date": written}[field] for field in order])
        tables["days"].append([texts[field] for field in order])
    text = make_text(
        order, *tables["text"], separator=separator, encoding=encoding, quoting=quoting, end=end
    )
    for content in (text, write_table(order, tables["text"]), write_table(order, tables["days"])):
        table = open_table(content, "")
        found = list(read_rows(table, layout, TYPES, LOCATIONS, TODAY))
        assert found == expected


@given(
    marks=st.lists(
        st.lists(st.sampled_from(["", *WORDS]), min_size=5, max_size=5), min_size=1, max_size=5
    ),
    start=st.dates(date(1999, 12, 1), TODAY - timedelta(5)),
    date_format=st.sampled_from([*FORMATS]),
    separator=st.sampled_from(",;\t|"),
)
@quick
def test_a_class_sheet_says_what_a_list_says(marks, start, date_format, separator):
    days = [start + timedelta(number) for number in range(5)]
    titles = ["ID", *(day.strftime(FORMATS[date_format]) for day in days)]
    sheet = [[f"P{number}", *row] for number, row in enumerate(marks)]
    expected = [
        make_row(number + 2, f"P{number}", date=day, category=mark)
        for number, row in enumerate(marks)
        for day, mark in zip(days, row, strict=True)
        if mark
    ]
    layout = Layout("ID", day_columns=True, date_format=date_format)
    for content in (make_text(titles, *sheet, separator=separator), write_table(titles, sheet)):
        found = list(read_rows(open_table(content, ""), layout, {}, {}, TODAY))
        assert found == expected


def use(content):
    """Do all that is done with a file, and say whether there was anything in it."""
    started = time.monotonic()
    try:
        table = open_table(content, "x")
        assert len({*table.header}) == len(table.header) > 0
        assert all(title for title in table.header)
        guessed = guess_layout(table)
        assert Layout.from_dict(guessed.to_dict()) == guessed
        first, last = table.header[0], table.header[-1]
        layouts = [
            guessed,
            Layout(first, last, date_format="dmy"),
            Layout(first, first, last, last, last, last, last, last, date_format="ymd"),
            Layout(first, day_columns=True, date_format="mdy"),
        ]
        for layout in layouts:
            use_layout(table, layout)
        return True
    except FileError as error:
        assert len(str(error)) < 1000
        return False
    finally:
        assert time.monotonic() - started < LONGEST_SECONDS


def use_layout(table, layout):
    try:
        for item in read_rows(table, layout, TYPES, LOCATIONS, TODAY):
            assert isinstance(item, (Row, RowError))
            if isinstance(item, Row):
                assert item.identifier and "\0" not in item.description
                assert date(1900, 1, 1) <= item.date <= TODAY
            else:
                assert item.message[0].isupper() or item.message[0].isdigit()
                assert item.message.endswith(".")
    except FileError as error:
        assert len(str(error)) < 1000


TEXT = make_text(
    ["ID", "Name", "Date", "Presence", "2026-11-04"],
    ["P1", 'Ana "A"', "2026-11-04", "x", "x"],
    ["P2", "Ben, B", "04/11/2026", "absent", "0"],
    ["P3", "two\nlines", "2026-11-04 08:30", "?", ""],
)
PARTS = make_parts(
    make_cells(
        make_inline("P1"),
        '<c s="1"><v>46330</v></c>',
        '<c t="s"><v>0</v></c>',
        '<c t="b"><v>1</v></c>',
        "<c><f>A1+1</f><v>2</v></c>",
        '<c r="F2" s="2"><v>1.5</v></c>',
    ),
    styles=["yyyy-mm-dd", "0000"],
    strings=["present"],
)
WORKBOOK = pack(PARTS)
WRITTEN = write_table(["ID", "Date"], [["P1", date(2026, 11, 4)]], {"Date": ["x"]})
SPOTS = st.floats(0, 1, exclude_max=True)
PIECES = st.sampled_from(
    [b'"', b",", b";", b"\n", b"\r", b"\0", b"\xff", b"sep=,\n", b"=", b"PK\x03\x04", b"<", b">"]
    + [
        b'r="1"',
        b'r="ZZZ1"',
        b'r="A99999999"',
        b't="s"',
        b's="9"',
        b"9" * 40,
        b"-1",
        b"1e999",
        b"&",
    ]
) | st.binary(min_size=1, max_size=8)
CHANGES = st.lists(st.tuples(SPOTS, st.integers(0, 20), PIECES), min_size=1, max_size=4)


def change(content, changes):
    for spot, length, piece in changes:
        place = int(spot * (len(content) + 1))
        content = content[:place] + piece + content[place + length :]
    return content


@given(content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@thorough
def test_any_bytes(content):
    use(content)


@given(text=st.text(string.ascii_letters + string.digits + ',;|\t"\n\r -/.=', max_size=200))
@thorough
def test_any_text(text):
    use(text.encode())
    use(text.encode("utf-16"))


@given(changes=CHANGES)
@thorough
def test_a_changed_text(changes):
    use(change(TEXT, changes))


@given(changes=CHANGES, content=st.sampled_from([WORKBOOK, WRITTEN]))
@thorough
def test_a_changed_workbook(changes, content):
    use(change(content, changes))


@given(changes=CHANGES, name=st.sampled_from(sorted(PARTS)))
@thorough
def test_a_workbook_of_changed_parts(changes, name):
    use(pack({**PARTS, name: change(PARTS[name].encode(), changes)}, zipfile.ZIP_STORED))


@given(spot=SPOTS, content=st.sampled_from([WORKBOOK, WRITTEN, TEXT]))
@quick
def test_a_file_that_breaks_off(spot, content):
    use(content[: int(spot * len(content))])


def test_what_the_random_files_start_from_is_right():
    assert use(TEXT) and use(WORKBOOK) and use(WRITTEN)


@given(
    cells=st.lists(
        st.tuples(
            st.sampled_from(["", "n", "s", "b", "d", "e", "str", "inlineStr", "x"]),
            st.sampled_from(["", "0", "1", "2", "-1"]),
            st.sampled_from(["", "A1", "A2", "C2", "ZZZ1", "A0", "1", "x"]),
            st.sampled_from(["", "A1", "1/0", "x"]),
            st.text(string.digits + "-.:TeE+x", max_size=25),
        ),
        min_size=1,
        max_size=4,
    )
)
@thorough
def test_any_cells_of_a_workbook(cells):
    made = [
        f'<c t="{kind}" s="{style or 0}" {place and f"r={chr(34)}{place}{chr(34)}"}>'
        f"{formula and f'<f>{formula}</f>'}<v>{value}</v></c>"
        for kind, style, place, formula, value in cells
    ]
    use(make_workbook(make_cells(*made), styles=["yyyy-mm-dd", "[h]:mm"], strings=["a", "b"]))


def test_a_workbook_that_unpacks_to_very_much():
    """Blanks are read through, and not kept."""
    parts = make_parts(make_cells(make_inline("P1")))
    name = "xl/worksheets/sheet1.xml"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text + " " * (2**26 if part == name else 0))
    assert use(content.getvalue())


def test_rows_are_not_kept():
    day = datetime(2026, 11, 4)
    rows = (
        [f"P{number}", day + timedelta(seconds=number), "x", "Training"] for number in range(50_000)
    )
    content = make_text(["ID", "Date", "Presence", "Type"], *rows)
    tracemalloc.start()
    try:
        table = open_table(content, "")
        found = read_rows(table, guess_layout(table), TYPES, LOCATIONS, TODAY)
        assert sum(1 for _row in found) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 2 * len(content)
    finally:
        tracemalloc.stop()


def test_a_cell_of_very_many_digits():
    assert not use(make_workbook(make_cells(f"<c><v>{'9' * 10**5}</v></c>")))


def test_tags_within_tags():
    deep = "<x>" * 50_000 + "</x>" * 50_000
    use(make_workbook(f"<sheetData>{deep}</sheetData>"))
    use(pack({**PARTS, "xl/styles.xml": deep}))
    use(
        pack({**PARTS, "xl/sharedStrings.xml": PARTS["xl/sharedStrings.xml"].replace("<si>", deep)})
    )
