import pytest

from harness import selection
from harness.problem import Problem
from harness.selection import Selection


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    tests = tmp_path / "one" / "tests"
    tests.mkdir(parents=True)
    (tests / "test_a.py").write_text("class TestA:\n    def test_x(self): pass\n")
    (tests / "test_b.py").write_text("class TestB:\n    def test_y(self): pass\n")
    (tmp_path / "tests" / "faults").mkdir(parents=True)
    monkeypatch.setattr(selection, "ROOT", tmp_path)
    return tmp_path


def test_everything(checkout):
    chosen = Selection.of([], ["one"], checkout)
    assert chosen.tags == ["/one"]
    assert {test.method for test in chosen.expected} == {"test_x", "test_y"}
    assert chosen.pytest == ["tests"]


@pytest.mark.parametrize("argument", ["one", "one/", "./one"])
def test_an_addon(checkout, argument):
    chosen = Selection.of([argument], ["one"], checkout)
    assert chosen.tags == ["/one"]
    assert len(chosen.expected) == 2
    assert chosen.pytest == []


def test_a_file_from_another_folder(checkout):
    chosen = Selection.of(["tests/test_a.py"], ["one"], checkout / "one")
    assert chosen.tags == ["/one/tests/test_a.py"]
    assert {test.method for test in chosen.expected} == {"test_x"}


def test_a_folder_of_pytest(checkout):
    assert Selection.of(["tests/faults"], ["one"], checkout).pytest == ["tests/faults"]


@pytest.mark.parametrize("tag", [":TestA.test_x", "/one:TestA", ".test_x"])
def test_a_tag(checkout, tag):
    chosen = Selection.of([tag], ["one"], checkout)
    assert (chosen.tags, chosen.expected, chosen.pytest) == ([tag], set(), [])


@pytest.mark.parametrize("argument", ["two", "one/models", "/etc/passwd:x", ": x", "."])
def test_what_is_nothing(checkout, argument):
    with pytest.raises(Problem):
        Selection.of([argument], ["one"], checkout)
