from odoo import _, api, fields, models
from odoo.tools import format_datetime


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    attendance_criteria_by_default = fields.Boolean(
        related="company_id.attendance_criteria_by_default", readonly=False
    )
    attendance_no_data_limit = fields.Integer(
        related="company_id.attendance_no_data_limit", readonly=False
    )
    attendance_non_compliant_limit = fields.Integer(
        related="company_id.attendance_non_compliant_limit", readonly=False
    )
    attendance_poll_paused = fields.Boolean(
        related="company_id.attendance_poll_paused", readonly=False
    )
    attendance_sources_text = fields.Text(
        "Attendance Sources", compute="_compute_attendance_sources_text"
    )
    attendance_poll_text = fields.Char("Nightly Questions", compute="_compute_attendance_poll_text")

    @api.depends("company_id")
    @api.depends_context("lang", "tz")
    def _compute_attendance_sources_text(self):
        for settings in self:
            domain = [("company_id", "in", (False, settings.company_id.id))]
            sources = self.env["spp.attendance.source"].sudo().search(domain)
            settings.attendance_sources_text = "\n".join(
                source._describe_connection() for source in sources
            )

    @api.depends("attendance_poll_paused")
    @api.depends_context("lang", "tz")
    def _compute_attendance_poll_text(self):
        cron = self.env.ref(
            "spp_cycle_attendance_compliance.ir_cron_poll_attendance", raise_if_not_found=False
        )
        cron = cron and cron.sudo()
        polled = self.env["spp.attendance.source"].sudo().search_count([("is_polled", "=", True)])
        for settings in self:
            if not cron or not cron.active:
                text = _("The scheduled action is switched off: no system is asked at night.")
            elif settings.attendance_poll_paused:
                text = _("Paused: no system is asked at night about this company's cycles.")
            elif not polled:
                text = _("No source is asked every night: that is set on its page.")
            else:
                at = format_datetime(self.env, cron.nextcall, dt_format="short")
                text = _("The next time is %(at)s.", at=at)
            settings.attendance_poll_text = text
