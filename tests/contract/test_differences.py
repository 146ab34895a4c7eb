"""How a platform differs from a kept contract, in words; and whether that touches the addons."""

from copy import deepcopy

import pytest

from harness.contract import kept
from harness.contract_differences import differences
from harness.contract_names import Names

CYCLE, EVENT = "g2p.cycle", "spp.event.data"
MANAGER, FINANCE = "g2p_programs.g2p_program_manager", "g2p_programs.g2p_finance_validator"
FORM = "g2p_programs.view_cycle_form"
MENU = "g2p_programs.g2p_program_cycle_root"
CONSTANTS = "odoo.addons.g2p_programs.models.constants"
NAMES = Names(
    words={"end_date", "locked", "state", "partner_id", "ended", "company_id", "value"},
    dotted={MANAGER, CYCLE},
    created={"spp_event_data"},
    extended={(CYCLE, "state")},
)


def facts(contract, model=CYCLE):
    return contract["models"][model]


def field(contract, name, model=CYCLE):
    return facts(contract, model)["fields"][name]


def add_field(contract, model=CYCLE, **how):
    facts(contract, model)["fields"]["source"] = {"type": "char", "stored": True, **how}


# What is done to the contract, and what is said of it: touching first.
CHANGES = {
    "a model is missing": (
        lambda c: c["models"].pop("g2p.program"),
        ["g2p.program is missing"],
        [],
    ),
    "a further model": (
        lambda c: c["models"].update({"g2p.grant": facts(c)}),
        [],
        ["g2p.grant is a further model"],
    ),
    "a field is missing": (
        lambda c: facts(c)["fields"].pop("end_date"),
        ["g2p.cycle.end_date is missing"],
        [],
    ),
    "a field that is not named is missing": (
        lambda c: facts(c)["fields"].pop("sequence"),
        [],
        ["g2p.cycle.sequence is missing"],
    ),
    "another type, which says it all": (
        lambda c: field(c, "company_id").update(type="char", relation=None, on_delete=None),
        ["g2p.cycle.company_id is of type char, not many2one"],
        [],
    ),
    "another relation": (
        lambda c: field(c, "company_id").update(relation="g2p.company"),
        ["g2p.cycle.company_id leads to g2p.company, not to res.company"],
        [],
    ),
    "another deletion": (
        lambda c: field(c, "company_id").update(on_delete="cascade"),
        ["g2p.cycle.company_id does “cascade” when what it leads to is deleted, not “set null”"],
        [],
    ),
    "less room": (
        lambda c: field(c, "value", "g2p.reg.id").update(size=20),
        ["g2p.reg.id.value has room for 20 characters, not 100"],
        [],
    ),
    "no longer stored, but computed": (
        lambda c: field(c, "locked").update(stored=False, computed=True),
        ["g2p.cycle.locked is computed", "g2p.cycle.locked is not stored in the database"],
        [],
    ),
    "required where we create": (
        lambda c: add_field(c, EVENT, required=True),
        ["spp.event.data.source is required"],
        [],
    ),
    "a further one that nobody has to fill": (
        lambda c: add_field(c),
        [],
        ["g2p.cycle.source is a further field"],
    ),
    "required with a default": (
        lambda c: add_field(c, EVENT, required=True, default=True),
        [],
        [
            "spp.event.data.source has a default",
            "spp.event.data.source is required",
        ],
    ),
    "required where we create nothing": (
        lambda c: add_field(c, required=True),
        [],
        ["g2p.cycle.source is required"],
    ),
    "a named one is required where we create, which is said once": (
        lambda c: (
            field(c, "partner_id", EVENT).update(required=True),
            facts(c, EVENT)["not_null"].append("partner_id"),
        ),
        ["spp.event.data.partner_id is required"],
        [],
    ),
    "no longer required": (
        lambda c: field(c, "end_date").update(required=False),
        ["g2p.cycle.end_date is not required"],
        [],
    ),
    "not required, nor filled in the database": (
        lambda c: (
            field(c, "end_date").update(required=False),
            facts(c)["not_null"].remove("end_date"),
        ),
        ["g2p.cycle.end_date is not required"],
        [],
    ),
    "filled by the ORM only": (
        lambda c: facts(c)["not_null"].remove("end_date"),
        ["g2p.cycle.end_date may be empty in the database"],
        [],
    ),
    "filled by the database only": (
        lambda c: facts(c, EVENT)["not_null"].append("state"),
        ["spp.event.data.state may not be empty in the database"],
        [],
    ),
    "no default where we create": (
        lambda c: field(c, "state", EVENT).pop("default"),
        ["spp.event.data.state has no default"],
        [],
    ),
    "no default where we create nothing": (
        lambda c: field(c, "state").pop("default"),
        [],
        ["g2p.cycle.state has no default"],
    ),
    "a further value": (
        lambda c: field(c, "state")["selection"].append("held"),
        [],
        ["g2p.cycle.state has a further value, held"],
    ),
    "a value is missing": (
        lambda c: field(c, "state")["selection"].remove("ended"),
        ["g2p.cycle.state lacks the value ended"],
        [],
    ),
    "a value that is not named is missing": (
        lambda c: field(c, "state")["selection"].remove("cancelled"),
        [],
        ["g2p.cycle.state lacks the value cancelled"],
    ),
    "values by a method where we add to the list": (
        lambda c: field(c, "state").update(selection="by a method"),
        ["g2p.cycle.state takes its values from a method"],
        [],
    ),
    "values by a method where we add nothing": (
        lambda c: field(c, "state", EVENT).update(selection="by a method"),
        [],
        ["spp.event.data.state takes its values from a method"],
    ),
    "a method is missing": (
        lambda c: facts(c)["methods"].pop("mark_ended"),
        ["g2p.cycle.mark_ended() is missing"],
        [],
    ),
    "a method takes more": (
        lambda c: facts(c)["methods"].update(mark_ended="(self, reason)"),
        ["g2p.cycle.mark_ended() takes (self, reason), not (self)"],
        [],
    ),
    "unique where we create": (
        lambda c: facts(c, EVENT)["unique"].append(["model", "partner_id"]),
        ["spp.event.data is unique by model, partner_id"],
        [],
    ),
    "unique where we create nothing": (
        lambda c: facts(c)["unique"].append(["sequence"]),
        [],
        ["g2p.cycle is unique by sequence"],
    ),
    "no longer unique": (
        lambda c: facts(c)["unique"].clear(),
        ["g2p.cycle is not unique by name, program_id"],
        [],
    ),
    "a named group may do less": (
        lambda c: facts(c)["access"][MANAGER].remove("unlink"),
        [f"g2p.cycle no longer lets {MANAGER} unlink"],
        [],
    ),
    "another group may do less": (
        lambda c: facts(c, "g2p.entitlement")["access"].pop(FINANCE),
        [],
        [f"g2p.entitlement no longer lets {FINANCE} read, write, create"],
    ),
    "a group may do more": (
        lambda c: facts(c)["access"].update({FINANCE: ["read"]}),
        [],
        [f"g2p.cycle lets {FINANCE} read"],
    ),
    "a further rule": (
        lambda c: facts(c)["rules"].append("everybody may read []"),
        ["g2p.cycle has a further rule: everybody may read []"],
        [],
    ),
    "a rule less": (
        lambda c: facts(c, "g2p.program")["rules"].clear(),
        [],
        [
            "g2p.program lacks the rule: everybody may read and write and create and unlink "
            "[('company_id', 'in', company_ids)]"
        ],
    ),
    "a named group is missing": (
        lambda c: c["groups"].pop(MANAGER),
        [f"{MANAGER} is missing"],
        [],
    ),
    "everybody may do less": (
        lambda c: facts(c, "g2p.program")["access"].pop("everybody"),
        ["g2p.program no longer lets everybody read, write, create"],
        [],
    ),
    "other groups, which is said once": (
        lambda c: (
            c["groups"].update({"g2p_programs.auditor": c["groups"].pop(FINANCE)}),
            facts(c)["access"].update({"g2p_programs.auditor": ["read"]}),
            facts(c, "g2p.entitlement")["access"].pop(FINANCE),
        ),
        [],
        ["g2p_programs.auditor is a further group", f"{FINANCE} is missing"],
    ),
    "implied groups": (
        lambda c: c["groups"][MANAGER].append(FINANCE),
        [],
        [f"{MANAGER} implies {FINANCE}"],
    ),
    "a view is missing": (lambda c: c["views"].pop(FORM), [f"{FORM} is missing"], []),
    "a view of another model": (
        lambda c: c["views"][FORM].update(model="g2p.program"),
        [f"{FORM} is a view of model g2p.program, not g2p.cycle"],
        [],
    ),
    "an element is missing": (
        lambda c: c["views"][FORM]["elements"].update({"//sheet": False}),
        [f"{FORM} lacks the element //sheet"],
        [],
    ),
    "an element of a further change of ours is missing": (
        lambda c: c["views"][FORM]["elements"].update({"//footer": False}),
        [f"{FORM} lacks the element //footer"],
        [],
    ),
    "a further element": (
        lambda c: c["views"][FORM]["elements"].update({"//footer": True}),
        [],
        [f"{FORM} has the element //footer"],
    ),
    "a menu is missing": (lambda c: c["external_ids"].pop(MENU), [f"{MENU} is missing"], []),
    "a menu is something else": (
        lambda c: c["external_ids"].update({MENU: "ir.actions.act_window"}),
        [f"{MENU} is a record of ir.actions.act_window, not of ir.ui.menu"],
        [],
    ),
    "a constant is missing": (
        lambda c: c["imports"][CONSTANTS].remove("MANAGER_CYCLE"),
        [f"{CONSTANTS}.MANAGER_CYCLE is missing"],
        [],
    ),
}


@pytest.mark.parametrize(("change", "touching", "harmless"), CHANGES.values(), ids=CHANGES)
def test_a_change(change, touching, harmless):
    before = kept("branch 17.0")
    after = deepcopy(before)
    change(after)
    found = differences(before, after, NAMES)
    said = {True: [], False: []}
    for difference in found:
        said[difference.touches].append(f"{difference.where} {difference.what}")
    assert (sorted(said[True]), sorted(said[False])) == (touching, harmless)
