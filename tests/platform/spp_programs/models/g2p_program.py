from odoo import _, fields, models

from odoo.addons.g2p_programs.models.notification import notification


class G2PProgram(models.Model):
    _inherit = "g2p.program"

    is_one_time_distribution = fields.Boolean("One-time Distribution")
    view_id = fields.Many2one(
        "ir.ui.view",
        "Program UI Template",
        domain=[("model", "=", "g2p.program"), ("type", "=", "form"), ("inherit_id", "=", False)],
        default=lambda self: self.env.ref("g2p_programs.view_program_list_form"),
    )

    def import_eligible_registrants(self, state="draft"):
        managers = self.get_managers(self.MANAGER_ELIGIBILITY)
        if not managers:
            return notification(_("Import"), _("There is no eligibility manager."), "danger")
        # Of several managers only the first is asked, as on the platform.
        count = managers[0].import_eligible_registrants()
        return notification(_("Import"), _("%(count)s were imported.", count=count))
