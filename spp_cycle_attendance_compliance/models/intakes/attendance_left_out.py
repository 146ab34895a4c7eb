from base64 import b64encode

from odoo import _, api, fields, models

from ...files import open_table, write_left_out
from .identifiers import IDENTIFIERS_GROUP

# Rows of a file that are kept because they can't be used.
MOST_LEFT_OUT = 100_000


class AttendanceIntake(models.Model):
    """Which rows of a file were left out, and why: to be corrected, and brought in again.

    In one file beside the one that was brought in, and the first ones to be shown: there may be as
    many as a file has rows.
    """

    _inherit = "spp.attendance.intake"

    left_out_file = fields.Binary(
        "Rows to Correct", readonly=True, attachment=False, groups=IDENTIFIERS_GROUP
    )
    left_out_name = fields.Char(readonly=True)
    left_out_count = fields.Integer("Rows in the File to Correct", readonly=True)
    left_out_shown = fields.Json(readonly=True, prefetch=False, groups=IDENTIFIERS_GROUP)
    left_out_table = fields.Html(
        "First Rows Left Out",
        compute="_compute_left_out_table",
        sanitize=False,
        groups=IDENTIFIERS_GROUP,
    )

    @api.model
    def _prepare_left_out(self, draft, content, name):
        """Return the values of a file's rows that can't be used; none if there are none.

        :param draft: the `FileDraft` that found out what is wrong with them
        :param bytes content: of the file
        :param str name: of the file
        """
        reasons = draft.get_left_out(MOST_LEFT_OUT)
        if not reasons:
            return {}
        left_out = write_left_out(open_table(content, name), reasons, _("What Is Wrong"))
        title = _("%(file)s, rows to correct", file=name.rpartition(".")[0] or name)
        return {
            "left_out_file": b64encode(left_out.content),
            "left_out_name": f"{title}.{left_out.extension}",
            "left_out_count": left_out.count,
            "left_out_shown": {"titles": left_out.titles, "rows": left_out.shown},
        }

    @api.depends("left_out_shown", "left_out_count", "bad_row_count")
    @api.depends_context("lang")
    def _compute_left_out_table(self):
        for intake in self:
            shown = intake.left_out_shown
            intake.left_out_table = shown and self.env["ir.qweb"]._render(
                "spp_cycle_attendance_compliance.left_out_rows",
                {
                    "titles": shown["titles"],
                    "rows": shown["rows"],
                    "more": intake._describe_more_left_out(len(shown["rows"])),
                },
            )

    def _describe_more_left_out(self, shown_count):
        if self.bad_row_count <= shown_count:
            return ""
        return _(
            "Rows left out: %(count)s. Shown: the first %(shown)s. In the file: %(kept)s.",
            count=self.bad_row_count,
            shown=shown_count,
            kept=self.left_out_count,
        )
