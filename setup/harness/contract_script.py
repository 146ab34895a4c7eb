"""Writes down what a platform is, as far as our code names it. For `odoo shell`, on a database
with the platform and without our addons: arguments are the file of names and the file to write."""

import ast
import importlib
import inspect
import json
import re
import sys
from pathlib import Path

from lxml import etree

from odoo.models import BaseModel
from odoo.tools.template_inheritance import apply_inheritance_specs, locate_node

PLATFORM = re.compile(r"(g2p|spp)_\w+|queue_job")
MAGIC_FIELDS = {"id", "display_name", "create_uid", "create_date", "write_uid", "write_date"}
EVERYBODY = "everybody"
RIGHTS = ("read", "write", "create", "unlink")
UNIQUE_INDEXES = """
    SELECT array(
            SELECT pg_get_indexdef(indexrelid, position, true)
            FROM generate_series(1, indnkeyatts) AS position
            ORDER BY 1
        ),
        pg_get_expr(indpred, indrelid, true)
    FROM pg_index
    WHERE indrelid = to_regclass(%s) AND indisunique AND NOT indisprimary
"""
NOT_NULL_COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnotnull AND attnum > 0 AND NOT attisdropped
"""


def is_platform(module):
    return bool(PLATFORM.fullmatch(module or ""))


def belongs(external_id):
    return is_platform(external_id.partition(".")[0])


def rights(record):
    return [right for right in RIGHTS if record[f"perm_{right}"]]


class Contract:
    def __init__(self, env, names):
        self.env = env
        modules = env["ir.module.module"].search([("state", "=", "installed")]).mapped("name")
        self.others = {name for name in modules if not is_platform(name)}
        self.words, self.called = set(names["words"]), set(names["methods"])
        self.dotted = set(names["dotted"])
        self.imported, self.views = names["imported"], names["views"]

    def take(self):
        models = {name: self.model(self.env[name]) for name in sorted(self.named_models())}
        views = self.view_elements()
        external_ids = self.external_ids(views)
        groups = {group for facts in models.values() for group in facts["access"]}
        groups |= {name for name, model in external_ids.items() if model == "res.groups"}
        return {
            "models": models,
            "groups": {name: self.implied(name) for name in sorted(filter(belongs, groups))},
            "views": views,
            "external_ids": external_ids,
            "imports": self.imports(),
        }

    # Models

    def named_models(self):
        tables = {model._table: name for name, model in self.env.registry.items() if model._auto}
        named = {name for name in self.dotted if name in self.env}
        named |= {tables[word] for word in self.words & tables.keys()}
        for external_id in self.dotted:
            module, _dot, name = external_id.partition(".")
            if name.startswith("model_"):
                record = self.env.ref(external_id, raise_if_not_found=False)
                named |= {record.model} if record else set()
        named = {name for name in named if self.is_of_platform(self.env[name])}
        # What the platform adds to every model.
        named.add("base")
        # What the fields that we name lead to, as in partner.reg_ids.value.
        reached = {
            field.comodel_name
            for name in named
            for field in self.platform_fields(self.env[name])
            if field.name in self.words and field.relational
        }
        return named | {name for name in reached if self.is_new(self.env[name])}

    def is_new(self, model):
        # On Odoo 17 this one is its own; on later series the stand-ins bring it.
        return is_platform(model._original_module) and model._name != "_unknown"

    def is_of_platform(self, model):
        fields = self.platform_fields(model)
        return self.is_new(model) or any(field.name in self.words for field in fields)

    def platform_fields(self, model):
        return [
            field
            for field in model._fields.values()
            if not (field.name in MAGIC_FIELDS or field.inherited)
            and any(map(is_platform, field._modules))
        ]

    def model(self, model):
        fields = {field.name: field for field in self.platform_fields(model)}
        columns = model._fields.keys() if self.is_new(model) else fields.keys()
        self.env.cr.execute(NOT_NULL_COLUMNS, [model._table])
        not_null = {column for (column,) in self.env.cr.fetchall()} & columns - {"id"}
        self.env.cr.execute(UNIQUE_INDEXES, [model._table])
        unique = [
            [*parts, f"WHERE {where}"] if where else parts
            for parts, where in self.env.cr.fetchall()
            if columns & set(parts)
        ]
        needed = not_null | {part for parts in unique for part in parts}
        return {
            "fields": {
                name: self.field(field)
                for name, field in sorted(fields.items())
                if name in self.words or field.required or name in needed
            },
            "methods": self.methods(model),
            "not_null": sorted(not_null),
            "unique": sorted(unique),
            "access": self.access(model),
            "rules": self.rules(model),
        }

    def field(self, field):
        """Facts about a field; what is not said is not so."""
        facts = {
            "type": field.type,
            "relation": field.comodel_name,
            "required": bool(field.required),
            "stored": bool(field.store),
            "computed": bool(field.compute or field.related),
            "default": field.default is not None,
            "translated": bool(getattr(field, "translate", False)),
            "on_delete": field.type == "many2one" and field.store and field.ondelete,
            "size": field.type == "char" and field.size,
        }
        if field.type in ("selection", "reference"):
            by_list = isinstance(field.selection, list)
            values = [value for value, _label in field.selection] if by_list else "by a method"
            facts["selection"] = values
        return {name: fact for name, fact in facts.items() if fact}

    def methods(self, model):
        """{name: parameters} of the methods that the platform brings and our code names."""
        of_every_model = type(self.env["base"]).mro()
        classes = [
            cls
            for cls in reversed(type(model).mro())
            if cls.__module__.startswith("odoo.addons.")
            and is_platform(cls.__module__.split(".")[2])
            and (model._name == "base" or cls not in of_every_model)
        ]
        found = {}
        for cls in classes:
            for name in cls.__dict__.keys() & self.called - BaseModel.__dict__.keys():
                function = inspect.unwrap(getattr(cls, name))
                if inspect.isroutine(function):
                    found[name] = str(inspect.signature(function))
        return dict(sorted(found.items()))

    # Access

    def access(self, model):
        """{group: its rights}, without those of the groups that it implies."""
        lines = self.env["ir.model.access"].search([("model_id.model", "=", model._name)])
        found = {}
        for line in lines:
            if self.is_theirs(line):
                group = line.group_id.get_external_id().get(line.group_id.id, EVERYBODY)
                found.setdefault(group, set()).update(rights(line))
        return {group: sorted(given, key=RIGHTS.index) for group, given in sorted(found.items())}

    def rules(self, model):
        return sorted(
            self.rule(rule)
            for rule in self.env["ir.rule"].search([("model_id.model", "=", model._name)])
            if self.is_theirs(rule)
        )

    def is_theirs(self, record):
        """Not Odoo's own. Some of the platform's external ids name a module that there is not."""
        return record.get_external_id()[record.id].partition(".")[0] not in self.others

    def rule(self, rule):
        groups = sorted(rule.groups.get_external_id().values()) or [EVERYBODY]
        where = ast.unparse(ast.parse((rule.domain_force or "[]").strip()))
        return f"{' and '.join(groups)} may {' and '.join(rights(rule))} {where}"

    def implied(self, group):
        return sorted(self.env.ref(group).implied_ids.get_external_id().values())

    # Views and other external ids

    def view_elements(self):
        found, archs = {}, {}
        for name, text in self.views:
            view = self.env.ref(name, raise_if_not_found=False)
            if not view or not is_platform(name.partition(".")[0]):
                continue
            if name not in archs:
                arch = view._get_combined_arch()
                for node in arch.iter("list"):
                    node.tag = "tree"
                archs[name] = arch, etree.fromstring(etree.tostring(arch))
                kind = "tree" if view.type == "list" else view.type
                found[name] = {"model": view.model, "type": kind, "elements": {}}
            arch, with_ours = archs[name]
            spec = etree.fromstring(text)
            is_found = locate_node(arch, spec) is not None
            # What only an earlier view of ours adds is not asked of the platform.
            if is_found or locate_node(with_ours, spec) is None:
                found[name]["elements"][locator(spec)] = is_found
            if locate_node(with_ours, spec) is not None:
                archs[name] = arch, apply_inheritance_specs(with_ours, spec)
        return {
            name: facts | {"elements": dict(sorted(facts["elements"].items()))}
            for name, facts in sorted(found.items())
        }

    def external_ids(self, views):
        found = {}
        for name in sorted(self.dotted):
            if name.count(".") == 1 and is_platform(name.partition(".")[0]):
                record = self.env.ref(name, raise_if_not_found=False)
                if record and record._name != "ir.model" and name not in views:
                    found[name] = record._name
        return found

    def imports(self):
        found = {}
        for module, names in sorted(self.imported.items()):
            if is_platform(module.split(".")[2]):
                try:
                    source = importlib.import_module(module)
                except ImportError:
                    continue
                found[module] = [name for name in names if hasattr(source, name)]
        return found


def locator(spec):
    if spec.tag == "xpath":
        return spec.get("expr")
    attributes = "".join(f' {k}="{v}"' for k, v in spec.items() if k != "position")
    return f"<{spec.tag}{attributes}>"


names, written = sys.argv[1:]
contract = Contract(env, json.loads(Path(names).read_text())).take()  # noqa: F821
Path(written).write_text(json.dumps(contract))
