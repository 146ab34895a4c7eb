from odoo import fields


class UncheckedMany2one(fields.Many2one):
    """A reference without a foreign key.

    For runs, which nobody can delete, and for what another reference of the same record leads to,
    and checks. PostgreSQL would look the same record up for each of a million rows.
    """

    def update_db_foreign_key(self, model, column):
        """Leave it out."""
