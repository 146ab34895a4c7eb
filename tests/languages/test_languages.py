"""The addons' screens, opened in Chromium in other languages: no English word of ours is left."""

import contextlib
import io
import json
import re
from pathlib import Path

import polib
import pytest

from harness.chromium import Chromium
from harness.demo import attendance_server, served, tell_stories
from harness.network import HOST, free_port
from harness.pictures import log_in

HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"
# The first one is spoken by whoever makes the demo: sentences that are kept are in it.
LANGUAGES = ("fr_FR", "ar_001")
FILLED = re.compile(r"%\(\w+\)[sd]|%[sdi]")
TAGS = re.compile(r"<[^>]*>")
LETTERS = re.compile(r"[A-Za-z]{2}")


@pytest.fixture(scope="module")
def demo(odoo_env, template):
    """Gives the demo's address, and its database, with everybody speaking French."""
    odoo_env.add_browser()
    odoo_env.add_rtl()
    database, port = odoo_env.databases.name("languages"), free_port()
    odoo_env.databases.copy(template, database)
    odoo_env.shell(database, SCRIPTS / "languages.py", *LANGUAGES)
    with attendance_server() as arguments, contextlib.redirect_stdout(io.StringIO()):
        tell_stories(odoo_env, database, arguments)
    yield database, port
    odoo_env.databases.drop(database)


@pytest.fixture(scope="module")
def found(odoo_env, demo):
    printed = odoo_env.shell(demo[0], SCRIPTS / "screens.py", *odoo_env.addons)
    return json.loads(re.search(r"^found:(.*)", printed, re.M)[1])


def compile_terms(terms):
    """English texts as a screen shows them: whole ones, and patterns of those that are filled."""
    whole, filled = set(), []
    for term in terms:
        for part in TAGS.split(term):
            part = " ".join(part.split())
            if not LETTERS.search(FILLED.sub("", part)):
                continue
            if FILLED.search(part):
                words = [re.escape(word.replace("%%", "%")) for word in FILLED.split(part)]
                filled.append(re.compile("(.+)".join(words)))
            else:
                whole.add(part)
    return whole, filled


def get_translated(addons, language):
    """The terms whose translation is another text: the others look English, and are right."""
    root = HERE.parents[1]
    return {
        entry.msgid
        for addon in addons
        for entry in polib.pofile(root / addon / "i18n" / f"{language[:2]}.po")
        if entry.msgstr != entry.msgid
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_word_is_left(odoo_env, demo, found, language):
    database, port = demo
    odoo_env.databases.sql(f"UPDATE res_partner SET lang = '{language}'", database)
    translated = get_translated(odoo_env.addons, language)
    others = {*found["others"]}
    whole, filled = compile_terms(translated - others)
    left, texts = {}, set()
    with served(odoo_env, database, port), Chromium(odoo_env.variables) as browser:
        log_in(browser, f"http://{HOST}:{port}", "admin")
        browser.run((HERE / "walk.js").read_text())
        is_rtl = browser.run("getComputedStyle(document.body).direction") == "rtl"
        for screen in found["screens"]:
            shown = browser.run(f"showScreen({json.dumps(screen)})")
            assert not shown["error"], f"{screen['name']}: {shown['error']}"
            texts.update(shown["texts"])
            for text in {*shown["texts"]} - others:
                if text in whole or any(pattern.fullmatch(text) for pattern in filled):
                    left.setdefault(text, screen["name"])
    assert is_rtl == (language == "ar_001")
    assert len(texts) > 500, "the screens were not opened"
    assert not left, "\n".join(f"{screen}: {text}" for text, screen in left.items())
