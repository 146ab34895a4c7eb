from odoo import api, models


class VerdictListReport(models.AbstractModel):
    _name = "report.spp_cycle_attendance_compliance.verdict_list"
    _description = "Verdict List"

    @api.model
    def _get_report_values(self, docids, data=None):
        dialogs = self.env["spp.attendance.print"].browse(docids)
        # Made here, since what a template raises reaches nobody in its own words.
        groups = {dialog.id: dialog._get_pdf_groups() for dialog in dialogs}
        heads = {dialog.id: dialog._get_pdf_head() for dialog in dialogs}
        return {"docs": dialogs, "groups": groups, "heads": heads}
