from odoo import fields, models


class G2PProgram(models.Model):
    """What the program tells a family about its attendance."""

    _inherit = "g2p.program"

    attendance_letter_text = fields.Text(
        "Letter about Attendance",
        translate=True,
        help="What families read below the verdict: what to do, where to complain, and until when. "
        "If it is empty, a plain text stands there.",
    )
