"""What Odoo's own upgrader leaves to do on an addon written for 17.0 to run on 19.0: rules."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

WRITTEN_FOR = "17.0"
PORTED_TO = "19.0"


class Rule(NamedTuple):
    """Replaces a pattern in the files of some suffixes."""

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
    Rule((".xml",), re.compile(_field("numbercall|doall")), ""),
    Rule((".py",), re.compile(r'[ \t]*"(?:numbercall|doall)":[^,\n]*,[ \t]*\n?'), ""),
    # The upgrader sees a tag at the start of a line only.
    Rule((".xml", ".py"), re.compile(r"<(/?)tree\b"), r"<\1list"),
    Rule((".xml",), re.compile(r't-name="kanban-box"'), 't-name="card"'),
    Rule((".xml",), re.compile(r'<div class="oe_chatter">.*?</div>', re.S), "<chatter />"),
    Rule((".xml",), GROUP_RECORD, _without_category),
    Rule((".xml",), GROUP_RECORD, _with_user_ids),
    Rule((".xml", ".py"), re.compile(r"\bgroups_id\b"), "group_ids"),
)


def port_text(text: str, suffix: str) -> str:
    for rule in RULES:
        if suffix in rule.suffixes:
            text = rule.pattern.sub(rule.replacement, text)
    return text


def port_manifest(text: str) -> str:
    """The manifest with the series in front of its version."""
    version = rf"""(["']version["']\s*:\s*["']){re.escape(WRITTEN_FOR)}\."""
    return re.sub(version, rf"\g<1>{PORTED_TO}.", text)


def port_leftovers(folder: Path) -> None:
    """Rewrites a copy of addons in place."""
    for path in _sources(folder):
        text = path.read_text()
        manifest = path.name == "__manifest__.py"
        ported = port_manifest(text) if manifest else port_text(text, path.suffix)
        if ported != text:
            path.write_text(ported)
    for scripts in list(folder.glob(f"*/migrations/{WRITTEN_FOR}.*")):
        scripts.rename(scripts.with_name(PORTED_TO + scripts.name.removeprefix(WRITTEN_FOR)))


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in (".py", ".xml"))
