from odoo import api, models


class AttendanceLetterReport(models.AbstractModel):
    """The letters about chosen verdicts. Who makes them, prints them: that is kept."""

    _name = "report.spp_cycle_attendance_compliance.attendance_letter"
    _description = "Letter about Attendance"

    @api.model
    def _get_report_values(self, docids, data=None):
        lines = self.env["spp.attendance.run.line"]._get_letter_lines(docids)
        lines._note_letters()
        return {"docs": [line._in_letter_language() for line in lines]}


class AttendanceLettersReport(models.AbstractModel):
    """The letters that the dialog has chosen."""

    _name = "report.spp_cycle_attendance_compliance.attendance_letters"
    _inherit = "report.spp_cycle_attendance_compliance.attendance_letter"
    _description = "Letters about Attendance"

    @api.model
    def _get_report_values(self, docids, data=None):
        numbers = self.env["spp.attendance.print"].browse(docids).letter_numbers or []
        return super()._get_report_values(numbers, data)
