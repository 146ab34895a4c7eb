"""What is printed, as wkhtmltopdf makes PDFs of it: pages, words, and languages."""

import base64
import io
import json
import re
import shutil
import unicodedata
from urllib.parse import quote

import polib
import pypdf
import pytest
from languages.spoken import LANGUAGES, SCRIPTS

from harness.chromium import Chromium
from harness.demo import served
from harness.network import HOST
from harness.pictures import log_in
from harness.steps import ROOT

FETCH = """
fetch(%s).then((answer) => answer.blob()).then((blob) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
}))
"""
ARABIC = re.compile(r"[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefc]+")


@pytest.fixture(scope="module")
def prints(odoo_env, demo):
    found = shutil.which("wkhtmltopdf", path=odoo_env.variables["PATH"])
    assert found, "wkhtmltopdf is not there, and could not be fetched: Odoo makes no PDFs"
    printed = odoo_env.shell(demo[0], SCRIPTS / "prints.py")
    return json.loads(re.search(r"^prints:(.*)", printed, re.M)[1])


def read_page(page):
    """The words of a page, as they are typed: a PDF has the shapes of Arabic letters, in the order
    in which they stand from left to right."""
    text = ARABIC.sub(lambda word: word[0][::-1], page.extract_text())
    return " ".join(unicodedata.normalize("NFKC", text).split())


def translate(addon, term, language):
    entries = polib.pofile(ROOT / addon / "i18n" / f"{language[:2]}.po")
    translated = next(entry.msgstr for entry in entries if entry.msgid == term)
    assert translated, f"{term} is in no {language}"
    return translated


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_words(odoo_env, demo, prints, language):
    database, port = demo
    odoo_env.databases.sql(f"UPDATE res_partner SET lang = '{language}'", database)
    with served(odoo_env, database, port), Chromium(odoo_env.variables) as browser:
        log_in(browser, f"http://{HOST}:{port}", "admin")
        for name, told in prints.items():
            # As the web client asks for it.
            context = quote(json.dumps({"lang": language}))
            data = browser.run(FETCH % json.dumps(f"{told['path']}?context={context}"))
            assert data.startswith("data:application/pdf"), f"{name}: {data[:200]}"
            document = pypdf.PdfReader(io.BytesIO(base64.b64decode(data.partition(",")[2])))
            pages = [read_page(page) for page in document.pages]
            assert len(pages) in told["pages"], name
            for term in told["terms"]:
                words = translate(told["addon"], term, language).split()
                assert {*words} <= {*pages[0].split()}, f"{name}: {words} in {pages[0]}"
            check_places(name, pages, told["begins"])


def check_places(name, pages, parts):
    """Each part begins on a page of its own, and all of it comes before the next one."""
    for part in parts:
        assert part[0] in pages[0], f"{name}: {part[0]} in {pages[0]}"
        while part and pages:
            found = [text for text in part if text in pages[0]]
            assert found == part[: len(found)] and found, f"{name}: {part} in {pages[0]}"
            part = part[len(found) :]
            pages = pages[1:]
    assert not (parts and pages), name
