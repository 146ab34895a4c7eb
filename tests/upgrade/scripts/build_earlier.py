"""Makes in a database of the platform what the earlier modules made in theirs. For `odoo shell`.

The argument is a file of facts: what `read_earlier.py` printed. Views are empty, since the earlier
modules' own are theirs; what people refer to is there under its external id.
"""

import json
import sys

from odoo.release import version_info

with open(sys.argv[1]) as file:
    FACTS = json.load(file)
VIEW_TYPES = {"tree": "list"} if version_info[0] > 17 else {}
TYPES = {"character varying": "varchar", "timestamp without time zone": "timestamp"}
ids = {}


def insert(table, **values):
    """Insert a row past the ORM, which knows nothing of the earlier modules."""
    values = {name: json.dumps(v) if isinstance(v, dict) else v for name, v in values.items()}
    marks = ", ".join(["%s"] * len(values))
    columns = ", ".join(f'"{name}"' for name in values)
    env.cr.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id", [*values.values()]
    )
    return env.cr.fetchone()[0]


def refer(module, name, model, res_id):
    insert("ir_model_data", module=module, name=name, model=model, res_id=res_id, noupdate=False)
    ids[f"{module}.{name}"] = res_id


def get_id(external_id):
    if not external_id:
        return None
    return ids.get(external_id) or env.ref(external_id).id


def make_tables(tables):
    for table, facts in tables.items():
        columns = "".join(
            f', "{column["name"]}" {TYPES.get(column["type"], column["type"])}'
            + (" NOT NULL" if column["required"] else "")
            for column in facts["columns"]
        )
        env.cr.execute(f"CREATE TABLE {table} (id serial PRIMARY KEY{columns})")
    for table, facts in tables.items():
        for name, definition in facts["constraints"].items():
            env.cr.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def add_columns(added):
    for table, columns in added.items():
        for column in columns:
            env.cr.execute(
                f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS"
                f' "{column["name"]}" {TYPES.get(column["type"], column["type"])}'
            )


def make_models(module, facts):
    for table in facts["tables"].values():
        model = table["model"]
        model_id = insert(
            "ir_model",
            name={"en_US": model},
            model=model,
            state="base",
            order="id",
            transient=False,
        )
        refer(module, f"model_{model.replace('.', '_')}", "ir.model", model_id)
    for model, fields in facts["fields"].items():
        env.cr.execute("SELECT id FROM ir_model WHERE model = %s", [model])
        (model_id,) = env.cr.fetchone()
        for name, field in fields.items():
            env.cr.execute(
                "SELECT id FROM ir_model_fields WHERE model = %s AND name = %s", [model, name]
            )
            known = env.cr.fetchone()
            field_id = (
                known[0]
                if known
                else insert(
                    "ir_model_fields",
                    name=name,
                    model=model,
                    model_id=model_id,
                    field_description={"en_US": name},
                    ttype=field["type"],
                    relation=field["relation"],
                    state="base",
                    store=field["store"],
                    required=field["required"],
                )
            )
            external_id = f"field_{model.replace('.', '_')}__{name}"
            refer(module, external_id, "ir.model.fields", field_id)


def make_record(module, facts):
    """Make a view, an action or a menu, and its external id."""
    make = {
        "ir.ui.view": make_view,
        "ir.actions.act_window": make_action,
        "ir.actions.act_window.view": make_action_view,
        "ir.ui.menu": make_menu,
    }[facts["model"]]
    refer(module, facts["name"], facts["model"], make(facts))


def make_view(facts):
    kind = VIEW_TYPES.get(facts["view"], facts["view"])
    arch = "<data/>" if facts["inherits"] else f"<{kind}/>"
    return insert(
        "ir_ui_view",
        name=facts["name"],
        type=kind,
        model=facts["of"],
        inherit_id=get_id(facts["inherits"]),
        mode="extension" if facts["inherits"] else "primary",
        arch_db={"en_US": arch},
        active=True,
        priority=16,
    )


def make_action(facts):
    modes = [VIEW_TYPES.get(mode, mode) for mode in facts["view_mode"].split(",")]
    return insert(
        "ir_act_window",
        name={"en_US": facts["name"]},
        type=facts["model"],
        res_model=facts["of"],
        view_mode=",".join(modes),
        target="current",
        binding_type="action",
        context="{}",
    )


def make_action_view(facts):
    return insert(
        "ir_act_window_view",
        view_mode=VIEW_TYPES.get(facts["view_mode"], facts["view_mode"]),
        view_id=get_id(facts["view"]),
        act_window_id=get_id(facts["action"]),
    )


def make_menu(facts):
    action = facts["action"] and f"ir.actions.act_window,{get_id(facts['action'])}"
    return insert(
        "ir_ui_menu",
        name={"en_US": facts["name"]},
        action=action,
        parent_id=get_id(facts["parent"]),
        active=True,
        sequence=10,
    )


def in_order(records):
    """Return records so that each one comes after those that it refers to."""
    ranks = ("ir.ui.view", "ir.actions.act_window", "ir.actions.act_window.view", "ir.ui.menu")
    return sorted(records, key=lambda each: (ranks.index(each["model"]), bool(each.get("action"))))


env["ir.module.module"].update_list()
for module, facts in FACTS.items():
    make_tables(facts["tables"])
    add_columns(facts["added_columns"])
    make_models(module, facts)
    for record in in_order(facts["external_ids"]):
        make_record(module, record)
env.cr.commit()
