from lxml import etree

from odoo import api, models


class ResPartner(models.Model):
    """A registrant's page opens for everybody who may read registrants."""

    _inherit = "res.partner"

    @api.model
    def get_view(self, view_id=None, view_type="form", **options):
        """Leave out what the user may not read.

        The lists of a page are read with it, whether anybody looks at them or not: who may not read
        one of the platform's (event data, ID cards) could not open the page at all.
        """
        view = super().get_view(view_id, view_type, **options)
        if view_type != "form" or self.env.su:
            return view
        arch = etree.fromstring(view["arch"])
        for node in arch.xpath("//field[not(ancestor::field)]"):
            field = self._fields.get(node.get("name"))
            if (
                field
                and field.type in ("one2many", "many2many")
                and not self._may("read", field.comodel_name)
            ):
                self._leave_out(node)
        if not self._may("create", "spp.create.event.wizard"):
            for node in arch.xpath("//button[@name='open_create_event_wizard']"):
                node.getparent().remove(node)
        return {**view, "arch": etree.tostring(arch, encoding="unicode")}

    @api.model
    def _may(self, mode, model):
        return self.env["ir.model.access"].check(model, mode, raise_exception=False)

    @api.model
    def _leave_out(self, node):
        """Take a field out, with its label, and its page if that holds nothing else."""
        page = next(node.iterancestors("page"), None)
        for label in node.getroottree().xpath("//label[@for=$name]", name=node.get("name")):
            label.getparent().remove(label)
        node.getparent().remove(node)
        if page is not None and not page.xpath(".//field|.//button|.//widget"):
            page.getparent().remove(page)
