"""That no picture of the addons' pages can be older than its screen, and that each has one."""

import re

import pytest

from harness import pictured, pictures
from harness.addons import our_addons
from harness.demo import STORIES
from harness.pictured import PICTURES, Picture
from harness.steps import ROOT


@pytest.fixture
def picture(tmp_path, monkeypatch):
    """A picture in a checkout of its own, taken of the screen as it is."""
    monkeypatch.setattr(pictured, "ROOT", tmp_path)
    monkeypatch.setattr(pictures, "DIGESTS", tmp_path / "pictures.json")
    taken = Picture("addon", "screen", "manager", ("views/*.xml",))
    monkeypatch.setattr(pictures, "PICTURES", (taken,))
    (tmp_path / "addon/views").mkdir(parents=True)
    (tmp_path / "addon/views/screen.xml").write_text("<form/>")
    taken.path.parent.mkdir(parents=True)
    taken.path.touch()
    pictures.keep_digest(taken)
    return taken


def test_is_new_when_it_was_taken(picture):
    assert pictures.find_old() == []


def test_is_old_when_its_view_changed(picture, tmp_path):
    (tmp_path / "addon/views/screen.xml").write_text("<form><field/></form>")
    assert pictures.find_old() == [picture]


def test_is_old_when_it_gets_another_view(picture, tmp_path):
    (tmp_path / "addon/views/more.xml").write_text("<form/>")
    assert pictures.find_old() == [picture]


def test_is_old_when_other_steps_lead_to_it(picture, monkeypatch):
    other = picture._replace(steps=("document.body.click()",))
    monkeypatch.setattr(pictures, "PICTURES", (other,))
    assert pictures.find_old() == [other]


def test_is_old_when_its_file_is_gone(picture):
    picture.path.unlink()
    assert pictures.find_old() == [picture]


def test_what_is_no_picture_any_more_is_forgotten(picture, monkeypatch):
    other = picture._replace(name="other")
    monkeypatch.setattr(pictures, "PICTURES", (other,))
    pictures.keep_digest(other)
    assert "screen" not in pictures.DIGESTS.read_text()


@pytest.mark.parametrize("one", PICTURES, ids=lambda one: one.key)
def test_each_shows_files_that_exist_and_has_a_page(one):
    for pattern in one.shows:
        assert list((ROOT / one.addon).glob(pattern)), f"{one.addon} has no {pattern}"
    assert f'/{one.name}"' in (STORIES / "picture_pages.py").read_text()


def test_each_that_the_pages_have_is_taken_by_the_command():
    shown = {
        f"{addon}/{name}"
        for addon in our_addons()
        for fragment in (ROOT / addon / "readme").glob("*.md")
        for name in re.findall(r"\(\.\./static/description/(\w+)\.png\)", fragment.read_text())
    }
    assert shown == {one.key for one in PICTURES}
