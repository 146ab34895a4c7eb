from odoo import api, models


class AttendanceLetterReport(models.AbstractModel):
    """The letters about chosen verdicts."""

    _name = "report.spp_cycle_attendance_compliance.attendance_letter"
    _description = "Letter about Attendance"

    @api.model
    def _get_report_values(self, docids, data=None):
        lines = self._get_letter_lines(docids)
        return {"docs": [line._in_letter_language() for line in lines]}

    @api.model
    def _get_letter_lines(self, docids):
        return self.env["spp.attendance.run.line"]._get_letter_lines(docids or [])


class AttendanceLettersReport(models.AbstractModel):
    """The letters that the dialog has chosen."""

    _name = "report.spp_cycle_attendance_compliance.attendance_letters"
    _inherit = "report.spp_cycle_attendance_compliance.attendance_letter"
    _description = "Letters about Attendance"

    @api.model
    def _get_letter_lines(self, docids):
        numbers = self.env["spp.attendance.print"].browse(docids).letter_numbers or []
        return super()._get_letter_lines(numbers)


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        """Keep who printed letters, and when: whoever gets the PDF; not who looks at the page."""
        printed = super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        report_model = self._get_rendering_context_model(self._get_report(report_ref))
        if report_model is not None and hasattr(report_model, "_get_letter_lines"):
            docids = [res_ids] if isinstance(res_ids, int) else res_ids
            report_model._get_letter_lines(docids)._note_letters()
        return printed
