from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.sql import create_index

from ..unchecked_many2one import UncheckedMany2one
from .identifiers import IDENTIFIERS_GROUP

KNOWN, UNKNOWN, UNREADABLE = "known", "unknown", "unreadable"
ANSWERS = [
    (KNOWN, "Known to the attendance system"),
    (UNKNOWN, "Unknown to the attendance system"),
    (UNREADABLE, "The answer could not be read"),
]


class AttendanceAnswer(models.Model):
    """What a source said about an identifier, when it was asked a question.

    Never changed: whoever asks again gets an answer of its own. The newest one counts.
    """

    _name = "spp.attendance.answer"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Answer of an Attendance System"
    _order = "id desc"
    _log_access = False  # the intake says who asked, and when

    intake_id = UncheckedMany2one("spp.attendance.intake", required=True, index=True)
    identifier = fields.Char("Person's ID", groups=IDENTIFIERS_GROUP)
    partner_id = fields.Many2one("res.partner", "Person", required=True, ondelete="restrict")
    answer = fields.Selection(ANSWERS, required=True)
    unreadable_count = fields.Integer(
        "Unreadable", help="Records about the person of which not even the day can be read."
    )
    # Of what has the ID in it, and little else that could not be guessed.
    digest = fields.Char(
        groups=IDENTIFIERS_GROUP,
        help="Of the answer, to tell quickly whether it is the same again.",
    )
    answer_digest = fields.Char(
        groups=IDENTIFIERS_GROUP,
        help="Of the answer about all persons who were asked for at once.",
    )
    note = fields.Char("Remark")

    def init(self):
        result = super().init()
        # Finds the newest answer about somebody at once, in a table that only ever grows.
        for column in ("identifier", "partner_id"):
            name = f"{self._table}_{column}_id_index"
            create_index(self.env.cr, name, self._table, [column, "id"])
        return result


def find_newest_answer(person_id, identifier, intake_ids):
    """Return the SQL query of the newest answer about a person known by an identifier.

    Whoever else was known by it then is not meant: the attendances went to her.

    :param SQL person_id, identifier: expressions
    :param intake_ids: of the intakes whose answers may be used
    """
    return SQL(
        """
        SELECT answer.*
        FROM spp_attendance_answer AS answer
        WHERE answer.partner_id = %s AND answer.identifier = %s
            AND answer.intake_id = ANY(%s::integer[])
        ORDER BY answer.id DESC LIMIT 1
        """,
        person_id,
        identifier,
        intake_ids,
    )
