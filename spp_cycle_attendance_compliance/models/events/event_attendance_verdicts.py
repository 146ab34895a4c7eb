from odoo import _, models


class EventAttendance(models.Model):
    """From an attendance to the verdicts that counted it."""

    _inherit = "spp.event.attendance"

    def action_open_attendance_verdicts(self):
        """Open the verdicts of applied runs that counted this attendance."""
        self.ensure_one()
        return self.env["spp.attendance.run.line"]._get_verdict_action(
            _("Verdicts that Counted %(attendance)s", attendance=self.display_name),
            [("id", "in", self._get_verdicts_that_counted().ids)],
        )

    def _get_verdicts_that_counted(self):
        """Return the lines about the person, of applied runs, that counted this attendance."""
        self.ensure_one()
        lines = self.env["spp.attendance.run.line"].search(
            [
                ("partner_id", "=", self.individual_id.id),
                ("kind", "!=", "household"),
                ("run_id.state", "=", "done"),
                ("run_id.from_date", "<=", self.attendance_date),
                ("run_id.to_date", ">=", self.attendance_date),
            ],
            order="id desc",
        )
        return lines.filtered(self._was_counted_by)

    def _was_counted_by(self, line):
        """Return whether a verdict on the person counted this attendance, as it was then."""
        records = line._get_counted_records(line)[self.individual_id.id]
        own = [record for record in records if record.event_id == self.id]
        return any(
            any(day.counts for day in line._get_days_of(number, own).values())
            for number in {cell.number for cell in line._get_cells()}
        )
