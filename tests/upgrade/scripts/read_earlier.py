"""Prints as JSON what earlier versions of modules have made in a database. For `odoo shell`, with
their folder on the addons path; the arguments are the modules. What it prints is kept in
`earlier_modules.json`, `released_settlement.json` and `released_attendance.json`.

Facts about names, tables and external ids; none of their code.
"""

import json
import sys

MODULES = sys.argv[1:]
# What databases refer to by external id.
REFERRED = ("ir.actions.act_window", "ir.actions.act_window.view", "ir.ui.menu", "ir.ui.view")


def ask(query, *values):
    env.cr.execute(query, values)
    return env.cr.fetchall()


def read_columns(table, names=None):
    return [
        {"name": name, "type": kind, "required": required}
        for name, kind, required in ask(
            """
            SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname != 'id'
            ORDER BY attname
            """,
            table,
        )
        if names is None or name in names
    ]


def read_constraints(table):
    return dict(
        ask(
            """
            SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = %s::regclass AND contype IN ('u', 'f', 'c') ORDER BY conname
            """,
            table,
        )
    )


def read_fields(module):
    """Return the fields that a module added, by model; without those that every model has."""
    fields = {}
    for model, name in ask(
        """
        SELECT field.model, field.name FROM ir_model_fields AS field JOIN ir_model_data AS data
            ON data.model = 'ir.model.fields' AND data.res_id = field.id
        WHERE data.module = %s ORDER BY field.model, field.name
        """,
        module,
    ):
        field = env[model]._fields[name]
        if not env[model]._auto:
            continue
        if name not in (
            "id",
            "display_name",
            "create_uid",
            "create_date",
            "write_uid",
            "write_date",
        ):
            fields.setdefault(model, {})[name] = {
                "type": field.type,
                "relation": field.comodel_name,
                "store": field.store,
                "required": field.required,
                "default": read_default(env[model], name),
            }
    return fields


def read_default(model, name):
    """Return a default as it is if it is a number, and "moving" if it may be another tomorrow."""
    value = model.default_get([name]).get(name)
    return value if isinstance(value, int | None) else "moving"


def read_external_ids(module):
    return [
        {"name": name, "model": model, **describe(env[model].browse(res_id))}
        for name, model, res_id in ask(
            "SELECT name, model, res_id FROM ir_model_data"
            " WHERE module = %s AND model IN %s ORDER BY model, name",
            module,
            REFERRED,
        )
    ]


def describe(record):
    if record._name == "ir.ui.view":
        inherits = record.inherit_id.get_external_id().get(record.inherit_id.id)
        return {"view": record.type, "of": record.model, "inherits": inherits}
    if record._name == "ir.actions.act_window":
        return {"of": record.res_model, "view_mode": record.view_mode}
    if record._name == "ir.actions.act_window.view":
        action = record.act_window_id
        return {
            "action": action.get_external_id()[action.id],
            "view": record.view_id.get_external_id()[record.view_id.id],
            "view_mode": record.view_mode,
        }
    action, parent = record.action, record.parent_id
    return {
        "action": action and action.get_external_id()[action.id],
        "parent": parent and parent.get_external_id()[parent.id],
    }


def read_module(module):
    fields = read_fields(module)
    own = ask(
        """
        SELECT model.model FROM ir_model AS model JOIN ir_model_data AS data
            ON data.model = 'ir.model' AND data.res_id = model.id
        WHERE data.module = %s AND NOT EXISTS (
            SELECT FROM ir_model_data AS other
            WHERE other.model = 'ir.model' AND other.res_id = model.id AND other.module != %s
        )
        ORDER BY model.model
        """,
        module,
        module,
    )
    tables = {env[model]._table: model for (model,) in own if env[model]._auto}
    return {
        "version": env["ir.module.module"].search([("name", "=", module)]).installed_version,
        "tables": {
            table: {
                "model": model,
                "columns": read_columns(table),
                "constraints": read_constraints(table),
            }
            for table, model in tables.items()
        },
        "added_columns": {
            env[model]._table: read_columns(env[model]._table, fields[model])
            for model in fields
            if env[model]._auto and not env[model]._transient and env[model]._table not in tables
        },
        "fields": fields,
        "external_ids": read_external_ids(module),
    }


print("facts:" + json.dumps({module: read_module(module) for module in MODULES}))
