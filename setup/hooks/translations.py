"""A hook: each addon's translations are whole, and say what the code can fill in.

Every language has each term of the .pot, not fuzzy, with the same placeholders and the same tags,
and no other term. It takes any files of the addons and looks at all languages of those addons.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib

# fr, es and pt serve every country's variant: Odoo reads them first.
LANGUAGES = ("fr", "ar", "es", "pt")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sdi]|(?<!\{)\{\w*\}(?!\})")
TAG = re.compile(r"</?\w+")
EDGES = re.compile(r"^\s*|\s*$")


def faults(msgid: str, msgstr: str) -> Iterator[str]:
    """What is wrong with the translation of one term, in words."""
    if not msgstr.strip():
        yield "is missing"
        return
    wanted, found = (set(PLACEHOLDER.findall(text)) for text in (msgid, msgstr))
    if wanted != found:
        yield f"has other placeholders: {' '.join(sorted(wanted ^ found))}"
    is_filled = any(each.startswith("%") for each in wanted)
    if is_filled and "%" in PLACEHOLDER.sub("", msgstr).replace("%%", ""):
        yield "has a % that is not written as %%"
    if Counter(TAG.findall(msgid)) != Counter(TAG.findall(msgstr)):
        yield "has other tags"
    if EDGES.findall(msgid) != EDGES.findall(msgstr):
        yield "has other blanks around it"


def check(folder: Path) -> Iterator[str]:
    """What is wrong with the translations in an addon's folder ``i18n``, a line each."""
    (pot,) = folder.glob("*.pot")
    terms = {entry.msgid for entry in polib.pofile(pot)}
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        if not path.is_file():
            yield f"{path}: is missing"
            continue
        entries = {entry.msgid: entry for entry in polib.pofile(path) if not entry.obsolete}
        for term in sorted(terms - set(entries)):
            yield f"{path}: {term!r} is missing"
        for term, entry in entries.items():
            if term not in terms:
                yield f"{path}:{entry.linenum}: {term!r} is no term of the addon"
            elif entry.fuzzy:
                yield f"{path}:{entry.linenum}: {term!r} is fuzzy"
            else:
                for fault in faults(term, entry.msgstr):
                    yield f"{path}:{entry.linenum}: {term!r} {fault}"


def main() -> int:
    found = [
        fault
        for addon in sorted({Path(name).parts[0] for name in sys.argv[1:]})
        for fault in check(Path(addon) / "i18n")
    ]
    print("\n".join(found[:50]))
    if len(found) > 50:
        print(f"... and {len(found) - 50} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
