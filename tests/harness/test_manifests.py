import pytest

from harness.manifests import modules_in, read_manifest, read_needs
from harness.problem import Problem


@pytest.fixture
def folders(tmp_path):
    """Odoo's own modules, and two folders of others."""
    own, ours, platform = (tmp_path / name for name in ("own", "ours", "platform"))
    write(own, "base", depends=[])
    write(own, "mail", external_dependencies={"python": ["odoo_brings_it"]})
    write(ours, "one", depends=["programs"], external_dependencies={"python": ["requests"]})
    write(platform, "programs", depends=["mail", "roles"])
    write(platform, "unasked", depends=["nothing_like_it"])
    return ours, platform, own


def write(folder, name, **said):
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "__manifest__.py").write_text(f"# {name}\n{said}\n")


def needs(folders, wanted="one"):
    *given, own = folders
    return read_needs([wanted], given, [own])


def test_what_is_in_no_folder_and_who_asks_for_it(folders):
    _ours, platform, _own = folders
    assert needs(folders).modules == {"roles": "programs"}
    write(platform, "roles", depends=["programs", "queue"])
    write(platform, "mail", depends=["base", "queue"])
    assert needs(folders).modules.keys() == {"queue"}
    assert needs(folders).modules["queue"] in ("mail", "roles")


def test_packages_of_others_than_odoo(folders):
    _ours, platform, _own = folders
    assert needs(folders).packages == {"requests": "one"}
    write(platform, "programs", external_dependencies={"python": ["requests", "schwifty>=1"]})
    assert needs(folders).packages == {"requests": "one", "schwifty>=1": "programs"}
    write(platform, "programs", external_dependencies={"bin": ["gs"]})
    assert needs(folders).packages == {"requests": "one"}


def test_the_first_folder_counts(folders):
    ours, platform, _own = folders
    write(platform, "one", depends=["an_older_one"])
    write(platform, "base", depends=["something"])
    assert needs(folders).modules.keys() == {"roles", "something"}
    write(ours, "base", depends=[])
    assert needs(folders).modules.keys() == {"roles"}


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ({"auto_install": True}, True),
        ({"auto_install": ["mail"]}, True),
        ({"auto_install": []}, True),
        ({"auto_install": ["mail", "unasked"]}, False),
        ({"auto_install": False}, False),
        ({}, False),
        ({"auto_install": True, "installable": False}, False),
    ],
)
def test_what_installs_itself(folders, said, counted):
    _ours, platform, _own = folders
    write(platform, "bridge", depends=["one", "mail"], **said)
    write(platform, "second_bridge", depends=["bridge", "lost"], auto_install=["bridge"])
    assert ("lost" in needs(folders).modules) == counted


def test_a_module_that_nobody_asks_for_may_lack_anything(folders):
    assert "nothing_like_it" not in needs(folders).modules


@pytest.mark.parametrize("text", ["{'name': ", "{'version': 1 + x}", "['base']", "\x00"])
def test_a_manifest_that_can_not_be_read(folders, text):
    _ours, platform, _own = folders
    path = platform / "unasked" / "__manifest__.py"
    path.write_text(text)
    with pytest.raises(Problem, match=f"{path} is no manifest .*\nCorrect it"):
        needs(folders)


def test_folders_without_a_manifest_are_no_modules(folders):
    ours, _platform, _own = folders
    (ours / "i18n_only" / "i18n").mkdir(parents=True)
    assert modules_in(ours) == ["one"]
    assert read_manifest(ours / "one")["depends"] == ["programs"]
