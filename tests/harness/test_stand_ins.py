import pytest

from harness import addons, steps
from harness.addons import _Sources, stand_ins
from harness.odoo_server import OdooServer
from harness.problem import Problem


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.delenv("PLATFORM", raising=False)
    monkeypatch.delenv("ADDONS_PATH", raising=False)


@pytest.fixture
def layers(tmp_path, monkeypatch):
    """Two folders: a module with two files, and one of these files anew, with a further module."""
    for path, text in {
        "base/one/__manifest__.py": "{}",
        "base/one/models.py": "old",
        "base/one/kept.py": "kept",
        "newest/one/models.py": "new",
        "newest/two/__manifest__.py": "{}",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for module in (addons, steps):
        monkeypatch.setattr(module, "BUILD", tmp_path / "build")
    return [tmp_path / "base", tmp_path / "newest"]


def server(series):
    return OdooServer(("odoo",), series, "an Odoo")


def refuse_to_port(folder, series):
    raise AssertionError(f"{folder} is ported to {series}")


def test_which_stand_ins(monkeypatch):
    assert stand_ins() == "17.0"
    monkeypatch.setenv("PLATFORM", "newest")
    assert stand_ins() == "newest"


def test_a_real_platform(monkeypatch):
    monkeypatch.setenv("ADDONS_PATH", "/somewhere")
    assert stand_ins() is None
    monkeypatch.setenv("PLATFORM", "newest")
    with pytest.raises(Problem, match="unset one"):
        stand_ins()


def test_stand_ins_that_there_are_not(monkeypatch):
    monkeypatch.setenv("PLATFORM", "16.0")
    with pytest.raises(Problem, match=r"PLATFORM=16\.0 is none of 17\.0, newest"):
        stand_ins()


def test_layers(layers):
    """Of a file, the last layer's is taken; what the others have besides stays."""
    made = _Sources("platform", layers, ["one", "two"]).made_for(server("17.0"), refuse_to_port)
    assert made != layers[0]
    assert (made / "one" / "models.py").read_text() == "new"
    assert (made / "one" / "kept.py").read_text() == "kept"
    assert (made / "two" / "__manifest__.py").exists()


def test_a_changed_layer_is_laid_anew(layers):
    for text in ("newer", "newest"):
        (layers[1] / "one" / "models.py").write_text(text)
        made = _Sources("platform", layers, ["one"]).made_for(server("17.0"), refuse_to_port)
        assert (made / "one" / "models.py").read_text() == text


def test_one_layer_serves_as_it_is(layers):
    source = _Sources("platform", layers[:1], ["one"])
    assert source.made_for(server("17.0"), refuse_to_port) == layers[0]


def test_another_series(layers):
    ported = []
    source = _Sources("platform", layers[:1], ["one"])
    made = source.made_for(server("19.0"), lambda *what: ported.append(what))
    assert [series for _folder, series in ported] == ["19.0"]
    assert (made / "one" / "models.py").read_text() == "old"
