from odoo import _, fields, models
from odoo.exceptions import UserError


class SQLEligibilityManager(models.Model):
    _name = "g2p.program_membership.manager.sql"
    _inherit = ["g2p.program_membership.manager", "g2p.manager.source.mixin"]
    _description = "SQL-based Eligibility"

    sql_query = fields.Text("SQL Query")
    sql_query_valid = fields.Selection(
        [
            ("new", "New"),
            ("valid", "Valid"),
            ("invalid", "Invalid"),
            ("recheck", "Needs Re-checking"),
        ],
        "SQL Query Status",
        default="new",
    )

    def _prepare_eligible_domain(self, membership=None):
        return [("id", "in", self._get_beneficiaries_sql_query())]

    def _get_beneficiaries_sql_query(self):
        """Return the ids of registrants that the query finds; it must have been found valid.

        A person whose ``is_group`` was never written is NULL there, and not found.
        """
        if self.sql_query_valid != "valid":
            raise UserError(_("The query of %(manager)s is not valid.", manager=self.name))
        group = {"group": " AND is_group", "individual": " AND NOT is_group"}
        self.env.cr.execute(  # pylint: disable=sql-injection
            f"""
            SELECT id FROM res_partner
            WHERE active AND disabled IS NULL{group.get(self.program_id.target_type, "")}
                AND id IN (SELECT id FROM ({self.sql_query}) AS found)
            """
        )
        return [row[0] for row in self.env.cr.fetchall()]
