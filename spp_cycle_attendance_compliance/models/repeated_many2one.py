from odoo import fields


class RepeatedMany2one(fields.Many2one):
    """A stored related reference, kept to group and filter by.

    Without a foreign key: the record that it is related through has one already, and PostgreSQL
    would check it once more for each of a million events.
    """

    def update_db_foreign_key(self, model, column):
        """Leave it out."""
