"""What the addons' sources name."""

import json

import pytest

from harness.contract_names import Names

MANIFEST = '{"name": "A", "data": ["views.xml", "security/ir.model.access.csv"]}'
PYTHON = '''
"""Words of a docstring: described."""
from odoo import models
from odoo.addons.theirs.models.constants import STATE, KIND
from odoo.addons.ours.hooks import prepare


# In a comment: commented.
class Cycle(models.Model):
    """Nothing: documented."""

    _inherit = ["g2p.cycle", "mail.thread"]

    state = fields.Selection(selection_add=[("held", "Held")])
    kind = fields.Selection([("a", "A")])

    def do(self):
        """Nothing: explained."""
        events = self.env["spp.event.data"].sudo()
        self.env["g2p.program"].search([("target_type", "=", "group")])
        other = self.env["ir.model"]
        events.create({"registrar": self.person_id.given_name})
        self.env.cr.execute("INSERT INTO spp_event_log (id) SELECT id FROM g2p_reg_id")
        other.mark(reason=1)
'''
VIEWS = """<odoo>
    <!-- commented -->
    <record id="v" model="ir.ui.view">
        <field name="inherit_id" ref="theirs.form" />
        <field name="arch" type="xml">
            <xpath expr="//sheet" position="before"><button name="act" type="object" /></xpath>
            <page name="ids" position="after" />
        </field>
    </record>
    <record id="w" model="ir.ui.view">
        <field name="inherit_id" ref="theirs.list" />
        <field name="arch" type="xml">
            <data><field name="state" position="after"><button special="cancel" /></field></data>
        </field>
    </record>
    <menuitem id="m" parent="theirs.menu" groups="theirs.readers,theirs.writers" />
</odoo>
"""
ACCESS = "id,model_id:id,group_id:id\nx,theirs.model_spp_event_kind,theirs.managers\n"


@pytest.fixture
def names(tmp_path):
    for path, text in {
        "__manifest__.py": MANIFEST,
        "models/cycle.py": PYTHON,
        "views.xml": VIEWS,
        "security/ir.model.access.csv": ACCESS,
        "tests/test_cycle.py": 'self.env["tested.model"].create({"tested": 1})',
        "static/tests/tour.xml": "<odoo><field name='toured' /></odoo>",
    }.items():
        (tmp_path / "ours" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ours" / path).write_text(text)
    return Names.of([tmp_path / "ours"])


def test_words(names):
    assert {"target_type", "group", "given_name", "registrar", "reason", "held"} <= names.words
    assert {"g2p_reg_id", "ids"} <= names.words


@pytest.mark.parametrize("word", ["described", "documented", "explained", "commented"])
def test_words_that_name_nothing(names, word):
    assert word not in names.words


@pytest.mark.parametrize("word", ["tested", "toured"])
def test_tests_are_left_out(names, word):
    assert word not in names.words
    assert not {"tested.model"} & (names.dotted | names.created)


def test_methods(names):
    assert {"mark", "do", "act", "create"} <= names.methods
    assert not {"reason", "state", "cancel", None} & names.methods


def test_models_and_external_ids(names):
    assert {"g2p.cycle", "g2p.program", "theirs.form", "theirs.menu"} <= names.dotted
    assert {"theirs.readers", "theirs.writers", "theirs.managers"} <= names.dotted
    assert "theirs.model_spp_event_kind" in names.dotted


def test_created_records(names):
    assert names.created == {"spp.event.data", "spp_event_log"}


def test_extended_selections(names):
    assert names.extended == {("g2p.cycle", "state"), ("mail.thread", "state")}


def test_imports_from_others(names):
    assert names.imported == {"odoo.addons.theirs.models.constants": ["KIND", "STATE"]}


def test_changes_to_views_in_their_order(names):
    assert [view for view, _change in names.views] == ["theirs.form", "theirs.form", "theirs.list"]
    assert names.views[1][1] == '<page name="ids" position="after" />'
    assert names.views[2][1].startswith('<field name="state" position="after">')


def test_json(names):
    assert json.loads(names.as_json())["methods"] == sorted(names.methods)
