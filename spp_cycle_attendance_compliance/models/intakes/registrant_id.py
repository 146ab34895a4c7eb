from odoo import models
from odoo.tools import SQL
from odoo.tools.sql import create_index

from .identifiers import create_function, normalise


class RegistrantID(models.Model):
    _inherit = "g2p.reg.id"

    def init(self):
        result = super().init()
        create_function(self.env.cr)
        # Each intake looks up the IDs of its persons: over this one even before the table's
        # statistics are made, as on the day it was restored.
        create_index(
            self.env.cr,
            "g2p_reg_id_attendance_person_idx",
            self._table,
            ["partner_id", "id_type", "id"],
        )
        self.env.cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS g2p_reg_id_attendance_identifier_idx"
                " ON g2p_reg_id (id_type, %s)",
                normalise(SQL("value")),
            )
        )
        return result
