from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...connector.checking import LONGEST_WORD

PRESENT, ABSENT, EXCUSED, UNKNOWN = "present", "absent", "excused", "unknown"
# Of how many intakes the words are looked at.
NEWEST = 100


class AttendanceCategoryMap(models.Model):
    """What a word means that a source says instead of present or absent."""

    _name = "spp.attendance.category.map"
    _description = "Word of an Attendance Source"
    _order = "key, id"

    source_id = fields.Many2one(
        "spp.attendance.source", required=True, ondelete="cascade", index=True
    )
    word = fields.Char(required=True, size=LONGEST_WORD, help="Capitals make no difference.")
    key = fields.Char(compute="_compute_key", store=True)
    category = fields.Selection(
        [
            (PRESENT, "Present"),
            (ABSENT, "Absent"),
            (EXCUSED, "Excused"),
            (UNKNOWN, "Unknown"),
        ],
        "Means",
        required=True,
    )
    excuse_reason_id = fields.Many2one(
        "spp.attendance.excuse.reason", "Reason", ondelete="restrict"
    )

    _sql_constraints = [
        (
            "word_unique",
            "unique (source_id, key)",
            "It is said already what this word of the source means.",
        ),
    ]

    @api.depends("word")
    def _compute_key(self):
        for line in self:
            line.key = fold(line.word or "")

    @api.onchange("category")
    def _onchange_category(self):
        if self.category != EXCUSED:
            self.excuse_reason_id = False

    @api.constrains("word")
    def _check_word(self):
        if any(not line.key for line in self):
            raise ValidationError(_("Enter the word that the attendance system says."))

    @api.constrains("category", "excuse_reason_id")
    def _check_reason(self):
        for line in self:
            if line.category == EXCUSED and not line.excuse_reason_id:
                raise ValidationError(
                    _("Choose for which reason %(word)s excuses.", word=line.word)
                )
            if line.category != EXCUSED and line.excuse_reason_id:
                raise ValidationError(
                    _(
                        "Only what means excused has a reason: take that of %(word)s out.",
                        word=line.word,
                    )
                )


class AttendanceSource(models.Model):
    _inherit = "spp.attendance.source"

    category_map_ids = fields.One2many(
        "spp.attendance.category.map",
        "source_id",
        "Words",
        help="What the source says instead of present and absent, and what it means.",
    )
    unmapped_words = fields.Text("Words that Are Not Mapped", compute="_compute_unmapped_words")

    def _get_category_map(self):
        """Return what the source's own words mean.

        :return: a dict of (category, id of the reason or ``None``) by the words, folded
        """
        lines = self.sudo().category_map_ids
        return {line.key: (line.category, line.excuse_reason_id.id or None) for line in lines}

    @api.depends("category_map_ids.key")
    def _compute_unmapped_words(self):
        for source in self:
            known = source._get_category_map()
            self.env.cr.execute(
                SQL(
                    """
                    SELECT id FROM spp_attendance_intake
                    WHERE source_id = %s AND unknown_words IS NOT NULL ORDER BY id DESC LIMIT %s
                    """,
                    source._origin.id or None,
                    NEWEST,
                )
            )
            intakes = self.env["spp.attendance.intake"].sudo()
            intakes = intakes.browse(row[0] for row in self.env.cr.fetchall())
            source.unmapped_words = intakes._name_unknown_words(known)


def fold(word: str) -> str:
    """Return what all spellings of a source's word share."""
    return word.strip().casefold()
