"""That the browser does what the pictures want of it."""

import os
import shutil

import pytest

from harness.browser import NAMES
from harness.chromium import Chromium
from harness.problem import Problem

PAGE = "data:text/html,<title>A page</title><body style='background:lime'>Here</body>"
needs_browser = pytest.mark.skipif(
    not any(map(shutil.which, NAMES)), reason="Chromium is not on the path"
)


@pytest.fixture
def browser():
    with Chromium(dict(os.environ)) as started:
        yield started


@needs_browser
def test_opens_a_page_and_saves_it_in_the_size_wanted(browser, tmp_path):
    browser.set_size(320, 200)
    browser.open(PAGE)
    assert browser.wait_for("document.title === 'A page'", 10)
    browser.save(tmp_path / "page.png")
    content = (tmp_path / "page.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert [int.from_bytes(content[at : at + 4], "big") for at in (16, 20)] == [320, 200]


@needs_browser
def test_says_what_a_page_fails_at(browser):
    with pytest.raises(Problem, match="nothing is not defined"):
        browser.run("nothing.here")


@needs_browser
def test_gives_up_waiting(browser):
    assert not browser.wait_for("false", 0.3)


def test_says_so_where_there_is_none(tmp_path):
    with (
        pytest.raises(Problem, match="apt-get install chromium"),
        Chromium({"PATH": str(tmp_path)}),
    ):
        pass
