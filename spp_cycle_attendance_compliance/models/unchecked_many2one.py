from odoo import fields


class UncheckedMany2one(fields.Many2one):
    """A reference without a foreign key.

    For what nobody can delete (runs; types and locations in use), and for what another reference
    of the same record leads to, or for what is shown as none once it is gone (areas). PostgreSQL
    would look the same few records up a million times.
    """

    def update_db_foreign_key(self, model, column):
        """Leave it out."""
