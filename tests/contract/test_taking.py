"""What is written down of a platform."""

import json

import pytest

from harness.addons import needed_from_outside
from harness.contract_names import Names
from harness.environment import HERE

FORM = "g2p_programs.view_cycle_form"


@pytest.fixture(scope="module")
def contract(odoo_env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    names = Names(
        words={"end_date", "g2p_reg_id", "partner_id", "is_registrant", "city", "reg_ids"},
        methods={"mark_ended", "write", "delayable"},
        dotted={
            "g2p.cycle",
            "res.partner",
            "res.company",
            "no.such.model",
            "g2p_programs.g2p_program_manager",
            "g2p_programs.no_such_record",
            "spp_event_data.model_spp_create_event_wizard",
            "base.group_user",
        },
        imported={
            "odoo.addons.g2p_programs.models.constants": ["MANAGER_CYCLE", "MANAGER_OF_NOTHING"],
            "odoo.addons.g2p_programs.no_such_module": ["anything"],
        },
        views=[
            (FORM, '<xpath expr="//sheet" position="before"><field name="ours" /></xpath>'),
            (FORM, '<field name="ours" position="after"><field name="ours_too" /></field>'),
            (FORM, '<xpath expr="//field[@name=\'ours_too\']" position="replace" />'),
            (FORM, '<page name="payment_batches" position="after" />'),
            (FORM, '<field name="nobodys" position="after" />'),
            ("base.view_partner_form", '<field name="nobodys" position="after" />'),
            ("g2p_programs.no_such_view", '<field name="name" position="after" />'),
        ],
    )
    asked, written = folder / "names.json", folder / "contract.json"
    asked.write_text(names.as_json())
    database = odoo_env.databases.platform(needed_from_outside(odoo_env.addons))
    odoo_env.shell(database, HERE / "contract_script.py", str(asked), str(written))
    return json.loads(written.read_text())


def test_models_are_named_as_such_by_their_table_and_by_their_record(contract):
    assert set(contract["models"]) == {
        "base",
        "g2p.cycle",
        "g2p.reg.id",
        "res.partner",
        "spp.create.event.wizard",
    }


def test_fields_that_are_named_and_fields_that_must_be_filled(contract):
    fields = contract["models"]["g2p.cycle"]["fields"]
    assert fields["end_date"] == {"type": "date", "required": True, "stored": True}
    assert fields["program_id"]["required"]
    assert "state" not in fields
    assert contract["models"]["g2p.cycle"]["unique"] == [["name", "program_id"]]
    assert "start_date" in contract["models"]["g2p.cycle"]["not_null"]


def test_what_odoo_brings_is_left_out(contract):
    partner = contract["models"]["res.partner"]
    assert {"company_id", "is_registrant", "reg_ids"} <= partner["fields"].keys()
    assert "city" not in partner["fields"]
    assert partner["not_null"] == ["company_id"]
    assert "base.group_partner_manager" not in partner["access"]
    assert partner["access"]["g2p_registry_base.group_g2p_registrar"] == ["read", "write", "create"]


def test_methods(contract):
    assert contract["models"]["g2p.cycle"]["methods"] == {"mark_ended": "(self)"}
    assert set(contract["models"]["base"]["methods"]) == {"delayable"}


def test_elements_of_views(contract):
    """What our own views put there is not asked of the platform."""
    assert contract["views"] == {
        FORM: {
            "model": "g2p.cycle",
            "type": "form",
            "elements": {
                "//sheet": True,
                '<field name="nobodys">': False,
                '<page name="payment_batches">': True,
            },
        }
    }


def test_external_ids_and_imports(contract):
    assert contract["external_ids"] == {"g2p_programs.g2p_program_manager": "res.groups"}
    assert contract["groups"]["g2p_registry_base.group_g2p_admin"] == ["base.group_partner_manager"]
    assert "base.group_user" not in contract["groups"]
    assert contract["imports"] == {"odoo.addons.g2p_programs.models.constants": ["MANAGER_CYCLE"]}
