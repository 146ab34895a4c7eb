"""The addons' screens, opened in Chromium in other languages: no English word of ours is left."""

import json
import re
from pathlib import Path

import polib
import pytest
from languages.spoken import LANGUAGES, SCRIPTS

from harness.chromium import Chromium
from harness.demo import served
from harness.network import HOST
from harness.pictures import log_in

HERE = Path(__file__).parent
FILLED = re.compile(r"%\(\w+\)[sd]|%[sdi]")
TAGS = re.compile(r"<[^>]*>")
PLANT = """
document.querySelector(".o_action_manager").insertAdjacentHTML("beforeend", `
    <div id="planted">
        <canvas class="unreachable" tabindex="-1" width="9" height="9"></canvas>
        <label class="unreachable" style="cursor: pointer">Nothing</label>
        <span class="faint text-muted" style="color: #999 !important">Faint</span>
    </div>`)
"""
LETTERS = re.compile(r"[A-Za-z]{2}")


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


@pytest.fixture(scope="module", params=LANGUAGES)
def walked(request, odoo_env, demo, found):
    """The language, whether its pages are turned around, and what each screen shows."""
    database, port = demo
    odoo_env.databases.sql(f"UPDATE res_partner SET lang = '{request.param}'", database)
    shown = {}
    with served(odoo_env, database, port), Chromium(odoo_env.variables) as browser:
        log_in(browser, f"http://{HOST}:{port}", "admin")
        for script in ("look.js", "walk.js"):
            browser.run((HERE / script).read_text())
        is_rtl = browser.run("getComputedStyle(document.body).direction") == "rtl"
        check_that_faults_are_found(browser)
        for screen in found["screens"]:
            shown[screen["name"]] = browser.run(f"showScreen({json.dumps(screen)})")
    return request.param, is_rtl, shown


def check_that_faults_are_found(browser):
    assert browser.wait_for("!!document.querySelector('.o_action_manager')")
    browser.run(PLANT)
    unreachable, faint = browser.run("[findUnreachable(), findFaint()]")
    assert {"canvas.unreachable", "label.unreachable"} <= {*unreachable}
    assert any(found.startswith("span.faint") for found in faint), faint
    browser.run("document.getElementById('planted').remove()")


def test_no_english_word_is_left(odoo_env, found, walked):
    language, is_rtl, shown = walked
    translated = get_translated(odoo_env.addons, language)
    others = {*found["others"]}
    whole, filled = compile_terms(translated - others)
    left, texts = {}, set()
    for name, screen in shown.items():
        assert not screen["error"], f"{name}: {screen['error']}"
        texts.update(screen["texts"])
        for text in {*screen["texts"]} - others:
            if text in whole or any(pattern.fullmatch(text) for pattern in filled):
                left.setdefault(text, name)
    assert is_rtl == (language == "ar_001")
    assert len(texts) > 500, "the screens were not opened"
    assert not left, "\n".join(f"{name}: {text}" for text, name in left.items())


@pytest.mark.parametrize("fault", ["unreachable", "faint"])
def test_keys_reach_all_and_colours_have_contrast(walked, fault):
    found = {text: name for name, screen in walked[2].items() for text in screen[fault]}
    assert not found, "\n".join(f"{name}: {text}" for text, name in found.items())


def test_colours_are_changed_on_the_addons_pages_only():
    for sheet in HERE.parents[1].glob("spp_*/static/src/contrast.css"):
        rules = re.findall(r"^([^\s/}*][^{]*) \{", sheet.read_text(), re.M)
        selectors = ",\n".join(rules).split(",\n") if rules else []
        ours = re.compile(r"\.o_(spp_readable|attendance_pivot_view|settlement_pivot_view) ")
        assert selectors and all(ours.match(selector) for selector in selectors), sheet
