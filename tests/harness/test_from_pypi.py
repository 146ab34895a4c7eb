"""What is brought from PyPI: here from a folder of wheels that takes its place."""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

from harness import environment, from_pypi
from harness.environment import Environment
from harness.from_pypi import OdooInside, bring_modules, bring_packages
from harness.problem import Problem

MANIFEST = "__manifest__.py"


@pytest.fixture(autouse=True)
def index(tmp_path, monkeypatch):
    """A folder that pip takes packages from, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(from_pypi, "BUILD", tmp_path / "build")
    monkeypatch.setattr(from_pypi, "LOCKS", tmp_path / "locks")
    return folder


@pytest.fixture
def inside(tmp_path):
    """An Odoo whose Python is this one, and has the package `there` 1.0."""
    site = tmp_path / "site"
    (site / "there-1.0.dist-info").mkdir(parents=True)
    (site / "there-1.0.dist-info" / "METADATA").write_text(metadata("there", "1.0"))
    (tmp_path / "own" / "base").mkdir(parents=True)
    (tmp_path / "own" / "base" / MANIFEST).write_text("{}")
    path, packages = [str(site)], {"there": "1.0", "odd": "2.0 of Debian"}
    return OdooInside([tmp_path / "own"], Path(sys.executable), path, packages)


def metadata(name, version, needs=()):
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {other}" for other in needs), ""])


def add_wheel(index, name, version, files=None, needs=()):
    stem = f"{name.replace('-', '_')}-{version}"
    with ZipFile(index / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in (files or {f"{name}.py": f"VERSION = {version!r}"}).items():
            wheel.writestr(path, text)
        wheel.writestr(f"{stem}.dist-info/METADATA", metadata(name, version, needs))
        wheel.writestr(
            f"{stem}.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return index / f"{stem}-py3-none-any.whl"


def add_module(index, name, version="17.0.1.0.0", **said):
    files = {f"odoo/addons/{name}/{MANIFEST}": str({"version": version, **said})}
    return add_wheel(index, f"odoo-addon-{name}", version, files, ["odoo"])


@pytest.fixture
def ours(tmp_path):
    (tmp_path / "ours" / "one").mkdir(parents=True)
    (tmp_path / "ours" / "one" / MANIFEST).write_text(
        str({"depends": ["roles"], "external_dependencies": {"python": ["asked"]}})
    )
    return tmp_path / "ours"


def test_modules_and_what_they_need_in_turn(index, ours, inside):
    add_module(index, "roles", depends=["base", "job_engine"])
    add_module(index, "job_engine", external_dependencies={"python": ["asked", "there"]})
    folders, packages = bring_modules(["one"], [ours], inside, "17.0")
    assert [folder.parts[-3:] for folder in folders] == [
        ("odoo-addon-roles-17.0", "odoo", "addons"),
        ("odoo-addon-job_engine-17.0", "odoo", "addons"),
    ]
    assert all((folder / name / MANIFEST).is_file() for folder, name in named(folders))
    assert packages == {"asked": "one", "there": "job_engine"}


def named(folders):
    return [(folder, folder.parts[-3].split("-")[2]) for folder in folders]


def test_the_newest_version_of_the_series_without_a_lock(index, ours, inside):
    for version in ("16.0.9.0.0", "17.0.1.9.0", "17.0.1.10.0", "18.0.1.0.0"):
        add_module(index, "roles", version)
    [folder], _packages = bring_modules(["one"], [ours], inside, "17.0")
    assert "17.0.1.10.0" in (folder / "roles" / MANIFEST).read_text()


def test_a_lock_names_the_version(index, ours, inside, tmp_path):
    wheel = add_module(index, "roles", "17.0.1.0.0")
    add_module(index, "roles", "17.0.2.0.0")
    (tmp_path / "locks").mkdir()
    lock = tmp_path / "locks" / "odoo-addon-roles-17.0.txt"
    digest = subprocess.run(["sha256sum", wheel], capture_output=True, text=True, check=True)
    lock.write_text(f"odoo-addon-roles==17.0.1.0.0 --hash=sha256:{digest.stdout.split()[0]}\n")
    [folder], _packages = bring_modules(["one"], [ours], inside, "17.0")
    assert "17.0.1.0.0" in (folder / "roles" / MANIFEST).read_text()
    lock.write_text(f"odoo-addon-roles==17.0.1.0.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(Problem, match="DO NOT MATCH"):
        bring_modules(["one"], [ours], inside, "17.0")


def test_modules_that_are_nowhere_are_all_named(index, ours, inside):
    add_module(index, "roles", depends=["lost", "strange"])
    add_module(index, "lost", "16.0.1.0.0")
    add_wheel(index, "odoo-addon-strange", "17.0.1.0.0")
    with pytest.raises(Problem) as raised:
        bring_modules(["one"], [ours], inside, "17.0")
    assert str(raised.value).splitlines() == [
        f"The module {name}, which roles needs, is in no folder of ADDONS_PATH and not on PyPI "
        "for Odoo 17.0: add the folder that holds it."
        for name in ("lost", "strange")
    ]


@pytest.fixture
def server(monkeypatch):
    """An index that answers with the status it is told, and the address that pip asks it at."""

    class Handler(BaseHTTPRequestHandler):
        status = 404

        def do_GET(self):
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_index_without_it_and_one_that_does_not_answer(server, ours, inside):
    with pytest.raises(Problem, match="roles, which one needs, is in no folder"):
        bring_modules(["one"], [ours], inside, "17.0")
    server.RequestHandlerClass.status = 503
    with pytest.raises(Problem, match="Check the network"):
        bring_modules(["one"], [ours], inside, "17.0")


def test_a_network_that_is_not_there(inside, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(Problem, match="Check the network"):
        bring_packages({"asked": "one"}, inside, from_pypi.BUILD / "packages")


def test_packages_behind_what_is_there(index, inside, tmp_path):
    add_wheel(index, "there", "2.0")
    add_wheel(index, "asked", "1.0", needs=["there", "helper"])
    add_wheel(index, "helper", "3.0")
    target = tmp_path / "build" / "packages"
    addons = bring_packages({"asked": "one"}, inside, target)
    assert sorted(path.name for path in (target / "packages").glob("*.py")) == [
        "asked.py",
        "helper.py",
    ]
    script = (
        "import sys, types\n"
        "entries = []\n"
        "working_set = types.SimpleNamespace(add_entry=entries.append)\n"
        "sys.modules['pkg_resources'] = types.SimpleNamespace(working_set=working_set)\n"
        "before = [*sys.path]\n"
        "import harness_packages, asked\n"
        "assert sys.path == [*before, *entries], entries\n"
        "print(asked.VERSION, *entries)"
    )
    variables = {"PYTHONPATH": str(addons)}
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert said.stdout.split() == ["1.0", str(target / "packages")], said.stderr


def test_an_older_version_that_gets_along_with_what_is_there(index, inside):
    add_wheel(index, "there", "2.0")
    add_wheel(index, "asked", "1.0", needs=["there<2"])
    add_wheel(index, "asked", "2.0", needs=["there>=2"])
    target = from_pypi.BUILD / "packages"
    bring_packages({"asked": "one"}, inside, target)
    assert "1.0" in (target / "packages" / "asked.py").read_text()


def test_packages_that_can_not_be_brought_are_all_named(index, inside):
    add_wheel(index, "there", "2.0")
    add_wheel(index, "picky", "1.0", needs=["there>=2"])
    unmet = {"lost": "one", "picky": "two", "there>=2": "three"}
    with pytest.raises(Problem) as raised:
        bring_packages(unmet, inside, from_pypi.BUILD / "packages")
    assert str(raised.value).splitlines() == [
        "The Python package lost, which one needs, is not on PyPI: "
        f"install it for {sys.executable}.",
        "The Python package picky, which two needs, does not get along with what "
        f"{sys.executable} has: install there what it asks for.",
        "The Python package there>=2, which three needs, does not get along with what "
        f"{sys.executable} has: install there what it asks for.",
    ]


def test_packages_are_brought_anew_when_odoo_has_others(index, inside):
    add_wheel(index, "asked", "1.0")
    target = from_pypi.BUILD / "packages"
    bring_packages({"asked": "one"}, inside, target)
    add_wheel(index, "asked", "2.0")
    bring_packages({"asked": "one"}, inside, target)
    assert "1.0" in (target / "packages" / "asked.py").read_text()
    bring_packages({"asked": "one"}, inside._replace(packages={"there": "1.1"}), target)
    assert "2.0" in (target / "packages" / "asked.py").read_text()


@pytest.mark.parametrize(
    ("package", "asked"),
    [("there", False), ("There", False), ("there>=1", True), ("dateutil", True)],
)
def test_what_odoo_has_to_be_asked_about(inside, package, asked):
    assert inside.may_lack(package) == asked


@pytest.mark.parametrize(
    ("series", "packages", "expected"),
    [
        ("17.0", [], "base,web,queue_job"),
        ("19.0", ["p"], "base,rpc,web,p,queue_job"),
    ],
)
def test_what_is_loaded_first(series, packages, expected):
    env = SimpleNamespace(server=SimpleNamespace(series=series), packages_addons=packages)
    assert Environment.server_wide(env, "queue_job") == expected


def test_an_odoo_that_lacks_a_package(index, odoo_env, tmp_path, monkeypatch):
    """All of it, with the Odoo that is at hand, which then imports the package."""
    add_wheel(index, "spp-asked", "1.0", {"spp_asked.py": ""}, needs=["spp-helper"])
    add_wheel(index, "spp-helper", "1.0", {"spp_helper.py": ""})
    module = tmp_path / "platform" / "asking"
    module.mkdir(parents=True)
    (module / "__init__.py").touch()
    (module / MANIFEST).write_text(
        str({"auto_install": True, "external_dependencies": {"python": ["spp_asked", "dateutil"]}})
    )
    folders = [*odoo_env.addons_path[1:], module.parent]
    monkeypatch.setenv("ADDONS_PATH", ",".join(map(str, folders)))
    (tmp_path / "build").mkdir()
    monkeypatch.setattr(environment, "BUILD", tmp_path / "build")
    env = Environment(odoo_env.server, {})
    probe = tmp_path / "probe.py"
    probe.write_text(
        "from odoo.modules.module import check_python_external_dependency\n"
        "check_python_external_dependency('spp_asked')\n"
        "import spp_asked, spp_helper\n"
        "print(spp_asked.__file__)\n"
    )
    said = env.shell(None, probe)
    [packages] = (tmp_path / "build").glob("python-packages-*/packages")
    assert said.strip().endswith(str(packages / "spp_asked.py"))
