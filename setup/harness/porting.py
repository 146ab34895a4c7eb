"""What Odoo's own upgrader leaves to do on an addon written for 17.0, as rules on its text."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

WRITTEN_FOR = "17.0"


class Rule(NamedTuple):
    """Replaces a pattern in the files of some suffixes from a series on."""

    since: str
    suffixes: tuple[str, ...]
    pattern: re.Pattern
    replacement: str | Callable[[re.Match], str]


def _field(name: str) -> str:
    """A field of a data record, closed in itself or not."""
    return rf'[ \t]*<field\s+name="(?:{name})"[^>]*?(?:/>|>[^<]*</field>)[ \t]*\n?'


def _without_category(record: re.Match) -> str:
    return re.sub(_field("category_id"), "", record[0])


def _with_user_ids(record: re.Match) -> str:
    return record[0].replace('name="users"', 'name="user_ids"')


GROUP_RECORD = re.compile(r'<record\b[^>]*model="res\.groups".*?</record>', re.S)
RULES = (
    Rule("18.0", (".xml",), re.compile(_field("numbercall|doall")), ""),
    Rule("18.0", (".py",), re.compile(r'[ \t]*"(?:numbercall|doall)":[^,\n]*,[ \t]*\n?'), ""),
    # The upgrader sees a tag at the start of a line only.
    Rule("18.0", (".xml", ".py"), re.compile(r"<(/?)tree\b"), r"<\1list"),
    Rule("18.0", (".xml",), re.compile(r'<div class="oe_chatter">.*?</div>', re.S), "<chatter />"),
    Rule("19.0", (".xml",), GROUP_RECORD, _without_category),
    Rule("19.0", (".xml",), GROUP_RECORD, _with_user_ids),
    Rule("19.0", (".xml", ".py"), re.compile(r"\bgroups_id\b"), "group_ids"),
)


def port_text(text: str, suffix: str, series: str) -> str:
    for rule in RULES:
        if rule.since <= series and suffix in rule.suffixes:
            text = rule.pattern.sub(rule.replacement, text)
    return text


def port_manifest(text: str, series: str) -> str:
    """The manifest with the series in front of its version."""
    version = rf"""(["']version["']\s*:\s*["']){re.escape(WRITTEN_FOR)}\."""
    return re.sub(version, rf"\g<1>{series}.", text)


def port_leftovers(folder: Path, series: str) -> None:
    """Rewrites a copy of addons in place."""
    for path in _sources(folder):
        text = path.read_text()
        manifest = path.name == "__manifest__.py"
        ported = port_manifest(text, series) if manifest else port_text(text, path.suffix, series)
        if ported != text:
            path.write_text(ported)
    for scripts in list(folder.glob(f"*/migrations/{WRITTEN_FOR}.*")):
        scripts.rename(scripts.with_name(series + scripts.name.removeprefix(WRITTEN_FOR)))


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in (".py", ".xml"))
