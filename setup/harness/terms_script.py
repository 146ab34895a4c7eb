"""Inside Odoo's shell: writes an addon's terms, and brings them into its translations."""

import sys
from io import BytesIO
from pathlib import Path

import polib

from odoo.tools.translate import trans_export

addon, folder = sys.argv[1], Path(sys.argv[2]) / "i18n"
exported = BytesIO()
trans_export(False, [addon], exported, "po", env.cr)  # noqa: F821
terms = polib.pofile(exported.getvalue().decode())
path = folder / f"{addon}.pot"
kept = polib.pofile(str(path))


def places(file):
    return {entry.msgid: entry.occurrences for entry in file}


if places(kept) != places(terms):  # else only the dates would differ
    path.write_bytes(exported.getvalue())
print(f"{path.name}: {len(terms)} terms")
for path in sorted(folder.glob("*.po")):
    translated = polib.pofile(str(path), wrapwidth=78)
    translated.merge(terms)
    for entry in translated.obsolete_entries():
        translated.remove(entry)
    translated.save()
    print(f"{path.name}: {len(translated.untranslated_entries())} to be translated")
