import ast

import pytest

from harness.porting import port_leftovers, port_manifest, port_text

CRON = """<record id="c" model="ir.cron">
    <field name="name">C</field>
    <field name="numbercall">-1</field>
    <field name="doall" eval="False" />
</record>
"""
GROUP = """<record id="g" model="res.groups">
    <field name="category_id" ref="base.x" />
    <field name="users" eval="[(4, ref('base.user_admin'))]" />
</record>
<record id="p" model="res.partner">
    <field name="category_id" ref="base.y" />
</record>
"""


def test_fields_of_crons():
    assert (
        port_text(CRON, ".xml")
        == '<record id="c" model="ir.cron">\n    <field name="name">C</field>\n</record>\n'
    )


def test_category_of_groups_only():
    ported = port_text(GROUP, ".xml")
    assert "base.x" not in ported
    assert "base.y" in ported
    assert '<field name="user_ids" eval=' in ported


@pytest.mark.parametrize(
    ("text", "suffix", "expected"),
    [
        ("<p><tree>x</tree></p>", ".xml", "<p><list>x</list></p>"),
        ('<t t-name="kanban-box">x</t>', ".xml", '<t t-name="card">x</t>'),
        ("<treeview />", ".xml", "<treeview />"),
        ('<t t-name="kanban-box">', ".xml", '<t t-name="card">'),
        ("user.groups_id |= g", ".py", "user.group_ids |= g"),
        ('{"name": 1, "doall": False, "code": 2}', ".py", '{"name": 1,"code": 2}'),
    ],
)
def test_texts(text, suffix, expected):
    assert port_text(text, suffix) == expected


def test_the_chatter():
    old = '<div class="oe_chatter">\n<field name="message_ids" />\n</div>'
    assert port_text(old, ".xml") == "<chatter />"


@pytest.mark.parametrize("quote", ["'", '"'])
def test_the_version_of_a_manifest(quote):
    text = f"{{{quote}version{quote}: {quote}17.0.2.0.0{quote}}}"
    assert port_manifest(text) == text.replace("17.0", "19.0")


ASSETS = """{
    "assets": {
        "web.assets_backend": [
            "one/static/src/**/*",
        ],
        "web.assets_tests": ["one/static/tests/*.js"],
    },
}
"""


def test_graphs_are_loaded_lazily(tmp_path):
    addon = tmp_path / "one"
    scripts = addon / "static" / "src"
    scripts.mkdir(parents=True)
    (addon / "__manifest__.py").write_text(ASSETS)
    (scripts / "graph.js").write_text('import {GraphModel} from "@web/views/graph/graph_model";\n')
    (scripts / "field.js").write_text('import {FloatField} from "@web/views/fields/float";\n')
    port_leftovers(tmp_path)
    assert ast.literal_eval((addon / "__manifest__.py").read_text())["assets"] == {
        "web.assets_backend": ["one/static/src/**/*", ("remove", "one/static/src/graph.js")],
        "web.assets_backend_lazy": ["one/static/src/graph.js"],
        "web.assets_tests": ["one/static/tests/*.js"],
    }


def test_without_graphs_assets_stay(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "__manifest__.py").write_text(ASSETS)
    port_leftovers(tmp_path)
    assert (tmp_path / "one" / "__manifest__.py").read_text() == ASSETS


def test_a_folder_is_rewritten_in_place(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/__manifest__.py").write_text('{"version": "17.0.1.0.0"}')
    (tmp_path / "one/cron.xml").write_text(CRON)
    (tmp_path / "one/picture.png").write_bytes(b"\xff\xfe")
    (tmp_path / "one/migrations/17.0.2.0.0").mkdir(parents=True)
    port_leftovers(tmp_path)
    assert "19.0.1.0.0" in (tmp_path / "one/__manifest__.py").read_text()
    assert "numbercall" not in (tmp_path / "one/cron.xml").read_text()
    assert [path.name for path in tmp_path.glob("one/migrations/*")] == ["19.0.2.0.0"]
