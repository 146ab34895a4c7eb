import errno

import pytest

from harness import steps
from harness.problem import Problem
from harness.steps import digest, disk_errors, make_once, require_space, run_logged


def test_a_step_is_done_once_per_key(tmp_path):
    done = []

    def build(folder):
        done.append(1)
        (folder / "file").write_text(str(len(done)))

    for key in ("a", "a", "b"):
        make_once(tmp_path / "target", key, build)
    assert len(done) == 2
    assert (tmp_path / "target/file").read_text() == "2"


def test_an_interrupted_step_is_begun_anew(tmp_path):
    def interrupted(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_once(tmp_path / "target", "a", interrupted)
    assert not (tmp_path / "target").exists()
    make_once(tmp_path / "target", "a", lambda folder: (folder / "whole").touch())
    assert {path.name for path in (tmp_path / "target").iterdir()} == {"whole", steps.STAMP}


def test_a_digest_follows_names_and_contents(tmp_path):
    (tmp_path / "one").write_text("1")
    first = digest([tmp_path])
    (tmp_path / "one").write_text("2")
    second = digest([tmp_path])
    (tmp_path / "one").rename(tmp_path / "two")
    assert len({first, second, digest([tmp_path])}) == 3


def test_no_room_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "BUILD", tmp_path)
    require_space(0)
    with pytest.raises(Problem, match="make room"):
        require_space(10**9)
    with pytest.raises(Problem, match="full"), disk_errors():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_program_that_fails_is_quoted(tmp_path):
    with pytest.raises(Problem, match=r"(?s)\| what it said.*Do this"):
        run_logged(["sh", "-c", "echo what it said; exit 3"], tmp_path / "log", "Do this.")
    with pytest.raises(Problem, match="missing"):
        run_logged(["no-such-program-here"], tmp_path / "log", "Do this.")
