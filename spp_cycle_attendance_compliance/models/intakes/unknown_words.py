from collections import Counter

from odoo import api, fields, models

from ..sources.attendance_category_map import fold

MOST_WORDS = 20


class AttendanceIntake(models.Model):
    """The words of a source of which nobody has said what they mean."""

    _inherit = "spp.attendance.intake"

    unknown_words = fields.Json(
        readonly=True, help="The most frequent ones, each with how often it was said."
    )
    unknown_words_text = fields.Text(
        "Words that Are Not Mapped",
        compute="_compute_unknown_words_text",
        help="What the source said instead of present or absent, and nobody has said what it means:"
        " each may be a presence or an absence. An administrator says it on the source's page.",
    )

    @api.depends("unknown_words")
    def _compute_unknown_words_text(self):
        for intake in self:
            intake.unknown_words_text = intake._name_unknown_words()

    def _name_unknown_words(self, known=()):
        """Return the words of these intakes, each with its number, the most frequent ones first.

        :param known: the folded words to leave out
        """
        counts = Counter()
        for intake in self:
            counts.update(dict(intake.unknown_words or ()))
        words = [pair for pair in counts.most_common() if fold(pair[0]) not in known]
        return ", ".join(f"{word} ({count})" for word, count in words[:MOST_WORDS])
