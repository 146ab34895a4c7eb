import importlib.util

import polib
import pytest

from harness.steps import ROOT

spec = importlib.util.spec_from_file_location(
    "translations", ROOT / "setup" / "hooks" / "translations.py"
)
translations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(translations)


@pytest.mark.parametrize(
    ("msgid", "msgstr", "fault"),
    [
        ("Cycle", "Cycle", None),
        ("%(count)s of %(total)s", "%(total)s, dont %(count)s", None),
        ("%(share)s %% left", "reste %(share)s %%", None),
        ("50 % left", "reste 50 %", None),
        ("<i/> Open", "<i/> Ouvrir", None),
        ("Cycle", "", "is missing"),
        ("Cycle", " ", "is missing"),
        ("%(count)s days", "des jours", "has other placeholders: %(count)s"),
        ("%(count)s days", "%(nombre)s jours", "has other placeholders: %(count)s %(nombre)s"),
        ("row {number}", "ligne", "has other placeholders: {number}"),
        ("%s days", "%d jours", "has other placeholders: %d %s"),
        ("%(share)s %% left", "reste %(share)s %", "has a % that is not written as %%"),
        ("<b>Open</b>", "Ouvrir", "has other tags"),
        ("Open. ", "Ouvrir.", "has other blanks around it"),
    ],
)
def test_a_term(msgid, msgstr, fault):
    assert list(translations.faults(msgid, msgstr)) == ([fault] if fault else [])


def write(path, terms, fuzzy=()):
    file = polib.POFile()
    for msgid, msgstr in terms.items():
        flags = ["fuzzy"] if msgid in fuzzy else []
        file.append(polib.POEntry(msgid=msgid, msgstr=msgstr, flags=flags))
    file.save(path)


def test_a_folder(tmp_path):
    write(tmp_path / "addon.pot", {"Cycle": "", "Run": ""})
    for language in ("ar", "es"):
        write(tmp_path / f"{language}.po", {"Cycle": "1", "Run": "2"})
    write(tmp_path / "fr.po", {"Cycle": "1", "Batch": "Lot"}, fuzzy=["Cycle"])
    found = [line.removeprefix(str(tmp_path)) for line in translations.check(tmp_path)]
    assert [line.split(" ", 1)[1] for line in found] == [
        "'Run' is missing",
        "'Cycle' is fuzzy",
        "'Batch' is no term of the addon",
        "is missing",
    ]
    assert found[-1] == "/pt.po: is missing"
