"""What the tests of files share: texts and workbooks, also such as no program writes."""

import csv
import io
import zipfile
from datetime import date

from files import Layout, Row, RowError, open_table, read_rows

TYPES = {"training": 1, "health visit": 2, "formación": 3}
LOCATIONS = {"hall a": 11, "école, nord": 12}
REASONS = {"illness": 21, "cannot get there": 22, "other": 26}
TODAY = date(2026, 11, 27)
LIST = Layout(
    identifier="ID",
    date="Date",
    category="Presence",
    type="Type",
    location="Location",
    time="Time",
    record_id="Record ID",
    description="Remark",
)
SHEET = Layout(identifier="ID", type="Type", time="Time", day_columns=True)

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def make_text(*rows, separator=",", encoding="utf-8", quoting=csv.QUOTE_MINIMAL, end="\r\n"):
    """Return a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def make_row(number=2, identifier="P1", **values):
    """Return a row as it is read."""
    usual = dict(
        date=date(2026, 11, 4),
        time="",
        category="present",
        type_id=None,
        location_id=None,
        description="",
        record="",
    )
    return Row(number, identifier, **{**usual, **values})


def read(content, layout=LIST, last_day=TODAY, reasons=REASONS, default_reason=26):
    """Return all that a file gives."""
    table = open_table(content, "november.csv")
    rows = read_rows(table, layout, TYPES, LOCATIONS, last_day, reasons, default_reason)
    return list(rows)


def read_cells(**cells):
    """Return what one row of a CSV file with a column for each field gives: P1 was present."""
    cells = {"identifier": "P1", "date": "2026-11-04", "category": "x", **cells}
    layout = Layout(**{field: field for field in cells})
    return read(make_text(cells.keys(), cells.values()), layout)


def get_messages(found):
    """Return what is wrong by the column, of one row or several."""
    assert all(isinstance(item, RowError) for item in found)
    return {item.column: item.message for item in found}


def list_rows(content, name="november.csv"):
    """Return all rows of a file with their numbers."""
    return list(open_table(content, name).rows())


def make_parts(*sheets, styles=(), strings=(), states=()):
    """Return the parts of a workbook by their names.

    :param sheets: the XML of each sheet's rows, or of the whole sheet
    :param styles: the formats of numbers that cells name as s="1", s="2", ...
    :param strings: what cells of t="s" name
    :param states: of each sheet
    """
    numbers = range(1, len(sheets) + 1)
    formats = "".join(
        f'<numFmt numFmtId="{200 + number}" formatCode="{code}"/>'
        for number, code in enumerate(styles)
    )
    used = "".join(
        f'<xf numFmtId="{200 + number}" fontId="0" fillId="0" borderId="0"/>'
        for number in range(len(styles))
    )
    shared = "".join(f"<si><t>{text}</t></si>" for text in strings)
    listed = "".join(
        f'<sheet name="S{number}" sheetId="{number}" r:id="r{number}"'
        f' state="{(states or ["visible"] * len(sheets))[number - 1]}"/>'
        for number in numbers
    )
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    types = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{_KIND}.{kind}+xml"/>'
        for name, kind in [
            ("workbook", "sheet.main"),
            ("styles", "styles"),
            ("sharedStrings", "sharedStrings"),
            *((f"worksheets/sheet{number}", "worksheet") for number in numbers),
        ]
    )
    rels = f'xmlns="{_PACKAGE}/relationships"'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
        "_rels/.rels": f'<Relationships {rels}><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships {rels}>{related}"
        f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts>'
        "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills><borders><border/></borders>"
        '<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>{used}</cellXfs>'
        '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{shared}</sst>',
    }
    for number, rows in zip(numbers, sheets, strict=True):
        whole = rows if "<sheetData" in rows else f"<sheetData>{rows}</sheetData>"
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}">{whole}</worksheet>'
        )
    return parts


def pack(parts, compression=zipfile.ZIP_DEFLATED):
    """Return parts in a zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def make_workbook(*sheets, **options):
    """Return a workbook of sheets that are given as XML: see `make_parts`."""
    return pack(make_parts(*sheets, **options))


def make_cells(*cells, number=2):
    """Return a sheet with the titles A, B, ... and one row of cells that are given as XML."""
    titles = "".join(make_inline(chr(65 + place)) for place in range(len(cells)))
    return f'<row r="1">{titles}</row><row r="{number}">{"".join(cells)}</row>'


def make_inline(text):
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'
