"""Inside Odoo's shell: prints the screens that the addons bring or extend, and the others' words.

Screens are window actions as the web client takes them. What the platform or Odoo says, too, may
not be translated: Debian's Odoo and the stand-ins bring no translations.
"""

import json
import sys
from io import BytesIO

import polib

from odoo import release
from odoo.tools.misc import file_path
from odoo.tools.translate import trans_export

ADDONS = sys.argv[1:]
# Models of the platform whose forms the addons extend.
EXTENDED = (
    "g2p.cycle",
    "g2p.program",
    "g2p.program_membership",
    "g2p.cycle.membership",
    "g2p.entitlement",
    "g2p.entitlement.inkind",
    "res.partner",
)
FORMS_OF_A_MODEL = 4
# What people name, such as by the examples on the pages.
NAMED = ("g2p.program", "g2p.cycle", "spp.attendance.source", "spp.attendance.waiver")


def get_terms(addon):
    exported = BytesIO()
    source = env if release.version_info[0] >= 19 else env.cr
    trans_export(False, [addon], exported, "po", source)
    return {entry.msgid for entry in polib.pofile(exported.getvalue().decode())}


def get_platform_terms():
    """Return the words of the other addons, those that Odoo keeps in files included."""
    terms = set()
    for name in env["ir.module.module"]._installed():
        if name in ADDONS:
            continue
        if name.startswith(("g2p_", "spp_")):
            terms |= get_terms(name)
        else:
            try:
                path = file_path(f"{name}/i18n/{name}.pot")
            except FileNotFoundError:
                continue
            terms |= {entry.msgid for entry in polib.pofile(path)}
    return terms


def get_labels():
    """Return the labels of fields that the addons do not bring, and of their choices."""
    labels = set()
    for model, name in (
        ("ir.model.fields", "field_description"),
        ("ir.model.fields.selection", "name"),
    ):
        data = env["ir.model.data"].search([("module", "in", ADDONS), ("model", "=", model)])
        others = env[model].search([("id", "not in", data.mapped("res_id"))])
        labels |= {label for label in others.with_context(lang="en_US").mapped(name) if label}
    return labels


def get_names():
    """Return what people, or the demo, named: it is in the language of who did."""
    named = {
        record.display_name
        for name in NAMED
        for record in env[name].with_context(active_test=False).search([])
    }
    return named | set(env["spp.attendance.waiver"].search([]).mapped("legal_basis"))


def get_windows():
    data = env["ir.model.data"].search(
        [("module", "in", ADDONS), ("model", "=", "ir.actions.act_window")]
    )
    return env["ir.actions.act_window"].browse(data.mapped("res_id")).exists()


def get_active(window):
    """Return what a window that is bound to a model, or opened from a record, is opened from."""
    model = window.binding_model_id.model or "g2p.cycle"
    ids = env[model].search([], limit=1, order="id desc").ids
    return {"active_model": model, "active_id": ids[0], "active_ids": ids} if ids else {}


def get_screens():
    models = set()
    for window in get_windows():
        if window.res_model not in env:
            continue
        transient = env[window.res_model]._transient or window.res_model == "board.board"
        views = ["form"] if transient else [view for _id, view in window.views if view != "form"]
        for view in views:
            yield {
                "name": f"{window.xml_id} {view}",
                "action": window.id,
                "view": None if transient else view,
                "context": get_active(window),
            }
        if not transient:
            models.add(window.res_model)
    for model in sorted(models | {name for name in EXTENDED if name in env}):
        for record in env[model].search([], limit=FORMS_OF_A_MODEL, order="id desc"):
            view = record.get_formview_id()
            yield {
                "name": f"{model} {record.id}",
                "action": {
                    "type": "ir.actions.act_window",
                    "res_model": model,
                    "res_id": record.id,
                    "views": [[view, "form"]],
                },
                "view": None,
                "context": {},
            }


others = sorted(get_platform_terms() | get_labels() | get_names())
print("found:" + json.dumps({"others": others, "screens": list(get_screens())}))
