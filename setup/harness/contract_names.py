"""What our addons' sources name of a platform: found in their text, without running them."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

WORD = re.compile(r"\w+")
# What may be a model (g2p.cycle) or an external id (g2p_programs.view_cycle_form).
DOTTED = re.compile(r"[a-z]\w*(?:\.\w+)+")
COMMENT = re.compile(r"<!--.*?-->", re.S)
INSERTED = re.compile(r"INSERT INTO (\w+)")
ENV_MODEL = re.compile(r"env\['([\w.]+)'\]")
NO_CODE = {"tests", "static", "i18n", "readme"}


@dataclass
class Names:
    """All that is named, of the platform or not: which of it is the platform's, the platform says.

    :ivar words: fields, selection values, columns, tables, and everything else that is a word
    :ivar methods: what is called, defined or put on a button
    :ivar dotted: models and external ids, and everything else that has dots
    :ivar created: the models, or their tables, that records are created of
    :ivar imported: {Python module: what is imported from it}
    :ivar extended: (model, field) of the selections whose list gets further values
    :ivar views: (external id of the view that is inherited from, XML of one change to it), in the
        order in which they are loaded
    """

    words: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    dotted: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    imported: dict[str, list[str]] = field(default_factory=dict)
    extended: set[tuple[str, str]] = field(default_factory=set)
    views: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, addons: Iterable[Path]) -> "Names":
        """What the sources in the addons' folders name; their tests are left out."""
        names = cls()
        folders = {folder.name: folder for folder in addons}
        for folder in folders.values():
            for path in _sources(folder):
                if path.suffix == ".py":
                    names._read_python(ast.parse(path.read_text()))
                else:
                    names._read_text(COMMENT.sub("", path.read_text()))
            manifest = ast.literal_eval((folder / "__manifest__.py").read_text())
            for data in manifest.get("data", []):
                if data.endswith(".xml"):
                    names._read_records(folder / data)
        for module in [each for each in names.imported if each.split(".")[2] in folders]:
            del names.imported[module]
        return names

    def as_json(self) -> str:
        return json.dumps(asdict(self), default=sorted)

    def _read_text(self, text: str) -> None:
        self.words.update(WORD.findall(text))
        self.dotted.update(DOTTED.findall(text))
        self.created.update(INSERTED.findall(text))

    def _read_python(self, tree: ast.Module) -> None:
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str()) if id(node) not in docstrings:
                    self._read_text(node.value)
                case ast.ImportFrom(module=str()) if node.module.startswith("odoo.addons."):
                    found = {alias.name for alias in node.names}
                    found.update(self.imported.get(node.module, ()))
                    self.imported[node.module] = sorted(found)
                case ast.Attribute(attr=name) | ast.FunctionDef(name=name):
                    self.methods.add(name)
                    self.words.add(name)
                case ast.Name(id=name) | ast.keyword(arg=str(name)):
                    self.words.add(name)
            if isinstance(node, ast.ClassDef):
                self.extended.update(_extended_selections(node))
            if isinstance(node, ast.FunctionDef):
                self.created.update(_created_models(node))

    def _read_records(self, path: Path) -> None:
        root = ElementTree.parse(path).getroot()
        self.methods.update(each.get("name") for each in root.iter("button") if each.get("name"))
        for record in root.iter("record"):
            fields = {each.get("name"): each for each in record.findall("field")}
            if record.get("model") != "ir.ui.view" or "inherit_id" not in fields:
                continue
            inherited = fields["inherit_id"].get("ref")
            arch = list(fields["arch"])
            for change in arch[0] if arch[0].tag == "data" else arch:
                change.tail = None
                self.views.append((inherited, ElementTree.tostring(change, "unicode")))


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = set(path.relative_to(folder).parts)
        if path.suffix in (".py", ".xml", ".csv", ".sql") and not inside & NO_CODE:
            yield path


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """{name: what is assigned to it}"""
    return {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _extended_selections(tree: ast.ClassDef) -> Iterator[tuple[str, str]]:
    values = _assigned(tree.body)
    of_model = [values[name] for name in ("_name", "_inherit") if name in values]
    models = [
        node.value
        for value in of_model
        for node in ast.walk(value)
        if isinstance(node, ast.Constant)
    ]
    for name, value in values.items():
        if isinstance(value, ast.Call) and "selection_add" in {each.arg for each in value.keywords}:
            yield from ((model, name) for model in models)


def _created_models(function: ast.FunctionDef) -> Iterator[str]:
    """Models on which a function calls `create`, named there or where the variable is set."""
    assigned = _assigned(ast.walk(function))
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr == "create":
            variables = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
            for called_on in (
                node.value,
                *(assigned[name] for name in variables & assigned.keys()),
            ):
                yield from ENV_MODEL.findall(ast.unparse(called_on))
