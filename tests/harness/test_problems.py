import socket

import pytest

from harness import addons, postgres
from harness.addons import platform_folders
from harness.network import free_port, require_port
from harness.odoo_server import from_odoo_bin, read_series
from harness.postgres import socket_host
from harness.problem import Problem


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("said", "series"),
    [
        ("Odoo Server 17.0-20240709\n", "17.0"),
        ("Running as user 'root' is a security risk.\nOdoo Server 19.0\n", "19.0"),
        ("Odoo Server saas~17.4\n", "17.4"),
        ("Python 3.11.7\n", None),
    ],
)
def test_the_series(said, series):
    assert read_series(said) == series


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("echo Odoo Server 16.0", "16.0: only 17.0 and 19.0 are"),
        ("echo Odoo Server 18.0", "18.0: only 17.0 and 19.0 are"),
        ("echo bash 5.2", "is no Odoo server that works: to --version it says: bash 5.2"),
        ("echo no module named x >&2; exit 1", "it says: no module named x"),
    ],
)
def test_a_wrong_odoo_bin(tmp_path, text, sentence):
    with pytest.raises(Problem, match=sentence):
        from_odoo_bin(program(tmp_path / "odoo-bin", text))


def test_an_odoo_bin_that_is_not_there(tmp_path):
    with pytest.raises(Problem, match="does not exist"):
        from_odoo_bin(str(tmp_path / "nowhere"))
    (tmp_path / "text").write_text("")
    with pytest.raises(Problem, match="can't be executed"):
        from_odoo_bin(str(tmp_path / "text"))


def test_an_odoo_bin_that_works(tmp_path):
    server = from_odoo_bin(program(tmp_path / "odoo-bin", "echo Odoo Server 17.0"))
    assert server.series == "17.0"


def test_a_port_in_use():
    port = free_port()
    require_port(port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(Problem, match=rf"{port} is in use.*--port"):
            require_port(port)


def test_a_platform_without_modules(tmp_path, monkeypatch):
    monkeypatch.setenv("ADDONS_PATH", str(tmp_path))
    with pytest.raises(Problem, match="where no Odoo module is"):
        platform_folders()
    (tmp_path / "one").mkdir()
    (tmp_path / "one/__manifest__.py").write_text("{}")
    assert platform_folders() == [tmp_path]
    monkeypatch.setenv("ADDONS_PATH", "")
    assert platform_folders() == []


def test_a_checkout_without_addons(tmp_path, monkeypatch):
    monkeypatch.setattr(addons, "ROOT", tmp_path)
    with pytest.raises(Problem, match="no addon"):
        addons.our_addons()


def test_a_long_path_is_no_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "SOCKETS", tmp_path / "s")
    assert socket_host() == str(tmp_path / "s")
    monkeypatch.setattr(postgres, "SOCKETS", tmp_path / ("s" * 100))
    assert socket_host().startswith("@odoo-")
    assert len(socket_host()) < 30
