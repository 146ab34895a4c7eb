import pytest

from harness.debian import Source, is_debian, machine_sources, mirror, parse_deb822, parse_one_line
from harness.problem import Problem

MIRROR = Source("http://mirror.example/debian", "bookworm", ("main",))


def test_one_line_sources():
    text = """
# deb http://old.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # a remark
deb [arch=amd64 signed-by=/a/key.gpg] https://other.example/repo any main
deb-src http://mirror.example/debian bookworm main
    deb cdrom:[Debian 12]/ bookworm main
"""
    assert list(parse_one_line(text))[:2] == [
        Source("http://mirror.example/debian", "bookworm", ("main", "contrib")),
        Source("https://other.example/repo", "any", ("main",)),
    ]


def test_deb822_sources():
    text = """Types: deb deb-src
# a remark between fields
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main
"""
    assert list(parse_deb822(text)) == [
        MIRROR,
        Source("http://mirror.example/debian", "bookworm-updates", ("main",)),
    ]


def test_deb822_keys_inside_the_file():
    text = """Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc: def
"""
    assert list(parse_deb822(text)) == [MIRROR]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (MIRROR, True),
        (Source("http://mirror.example/debian-security", "bookworm-security", ("main",)), True),
        (Source("https://tool.example/linux/debian", "bookworm", ("stable",)), False),
        (Source("https://tool.example/apt", "bookworm", ("main",)), False),
        (Source("cdrom://Debian", "bookworm", ("main",)), False),
    ],
)
def test_is_debian(source, expected):
    assert is_debian(source) is expected


def test_the_mirror_is_not_the_security_archive():
    security = Source("http://mirror.example/debian-security", "bookworm/updates", ("main",))
    updates = Source("http://first.example/debian", "bookworm-updates", ("main",))
    assert mirror([security, updates, MIRROR]) == MIRROR.uri


def test_without_a_mirror_it_is_said():
    with pytest.raises(Problem, match=r"sources\.list"):
        mirror([Source("https://tool.example/apt", "any", ("main",))])


def test_both_forms_of_files_are_read(tmp_path):
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/b.sources").write_text(
        "Types: deb\nURIs: http://b.example/debian\nSuites: trixie\nComponents: main\n"
    )
    (tmp_path / "sources.list.d/c.list.save").write_text("deb http://c.example/debian x main\n")
    assert [source.uri for source in machine_sources(tmp_path)] == [
        "http://a.example/debian",
        "http://b.example/debian",
    ]
