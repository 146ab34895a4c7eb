from odoo import fields, models
from odoo.tools import SQL

from .identifiers import create_function, normalise


class RegistrantID(models.Model):
    _inherit = "g2p.reg.id"

    # Each intake looks up the IDs of its persons.
    partner_id = fields.Many2one(index=True)

    def init(self):
        result = super().init()
        create_function(self.env.cr)
        self.env.cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS g2p_reg_id_attendance_identifier_idx"
                " ON g2p_reg_id (id_type, %s)",
                normalise(SQL("value")),
            )
        )
        return result
