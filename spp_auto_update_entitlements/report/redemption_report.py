from odoo import api, fields, models
from odoo.tools import SQL

# Where the platform has areas, registrants have one in this field.
AREA_FIELD = "area_id"


class RedemptionReport(models.Model):
    """Allocated, redeemed and balance of the entitlements, cash and in-kind.

    It sums the figures stored on the entitlements, so it can't say anything else than they do. A
    row is what has all that people group by in common: a pivot of a million is slow.
    """

    _name = "spp.redemption.report"
    _description = "Redemption Analysis"
    _auto = False
    _order = "id desc"

    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], readonly=True)
    program_id = fields.Many2one("g2p.program", readonly=True)
    cycle_id = fields.Many2one("g2p.cycle", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    end_date = fields.Date("Cycle End", readonly=True)
    state = fields.Selection("_selection_state", "Entitlement State", readonly=True)
    area = fields.Char(readonly=True, help="The registrant's, where the platform knows areas.")
    currency_id = fields.Many2one("res.currency", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    uom_id = fields.Many2one("uom.uom", "Unit of Measure", readonly=True)
    entitlement_count = fields.Integer("Entitlements", readonly=True)
    allocated = fields.Float("Granted", digits=0, readonly=True)
    redeemed = fields.Float(digits=0, readonly=True)
    balance = fields.Float("Left", digits=0, readonly=True)

    @api.model
    def _selection_state(self):
        return self.env["g2p.entitlement"]._selection_state()

    @property
    def _table_query(self):
        # No view of the database: whether there are areas can change without this addon.
        query = SQL("%s UNION ALL %s", self._get_cash_query(), self._get_inkind_query())
        return self.env.cr.mogrify(query.code, query.params).decode()

    @api.model
    def _get_cash_query(self):
        return SQL(
            """
            SELECT 2 * entitlement.id AS id,
                'cash' AS kind,
                COALESCE(journal.currency_id, company.currency_id) AS currency_id,
                NULL::integer AS product_id,
                NULL::integer AS uom_id,
                %s
            FROM (%s) AS entitlement %s
            """,
            self._get_common_columns(),
            self._group("g2p_entitlement", SQL("entitlement.initial_amount")),
            self._get_joins(),
        )

    @api.model
    def _get_inkind_query(self):
        return SQL(
            """
            SELECT 2 * entitlement.id + 1 AS id,
                'inkind' AS kind,
                CASE WHEN entitlement.redemption_basis = 'value'
                    THEN COALESCE(journal.currency_id, company.currency_id) END AS currency_id,
                entitlement.product_id AS product_id,
                CASE WHEN entitlement.redemption_basis = 'value' THEN NULL
                    ELSE COALESCE(entitlement.uom_id, template.uom_id) END AS uom_id,
                %s
            FROM (%s) AS entitlement %s
            LEFT JOIN product_product product ON product.id = entitlement.product_id
            LEFT JOIN product_template template ON template.id = product.product_tmpl_id
            """,
            self._get_common_columns(),
            self._group(
                "g2p_entitlement_inkind",
                SQL(
                    """
                    CASE WHEN entitlement.redemption_basis = 'value'
                        THEN entitlement.total_amount ELSE entitlement.qty END
                    """
                ),
                SQL(", entitlement.product_id, entitlement.uom_id, entitlement.redemption_basis"),
            ),
            self._get_joins(),
        )

    @api.model
    def _group(self, table, allocated, more_keys=None):
        """Return the query that sums up entitlements before anything is looked up for them."""
        return SQL(
            """
            SELECT MIN(entitlement.id) AS id, entitlement.cycle_id, entitlement.journal_id,
                entitlement.company_id, entitlement.state, %(place)s AS place_id %(more_keys)s,
                COUNT(*) AS entitlement_count, SUM(%(allocated)s) AS allocated,
                SUM(entitlement.redeemed) AS redeemed,
                SUM(entitlement.entitlement_balance) AS balance
            FROM %(table)s AS entitlement %(registrants)s
            GROUP BY 2, 3, 4, 5, 6 %(more_keys)s
            """,
            table=SQL.identifier(table),
            allocated=allocated,
            more_keys=more_keys or SQL(),
            **self._get_area_of_registrant(),
        )

    @api.model
    def _get_common_columns(self):
        return SQL(
            """
                entitlement.allocated,
                entitlement.redeemed,
                entitlement.balance,
                entitlement.entitlement_count,
                cycle.program_id AS program_id,
                entitlement.cycle_id AS cycle_id,
                COALESCE(cycle.company_id, program.company_id) AS company_id,
                cycle.end_date AS end_date,
                entitlement.state AS state,
                %s AS area
            """,
            self._get_area_name(),
        )

    @api.model
    def _get_joins(self):
        return SQL(
            """
            JOIN g2p_cycle cycle ON cycle.id = entitlement.cycle_id
            JOIN g2p_program program ON program.id = cycle.program_id
            LEFT JOIN account_journal journal ON journal.id = entitlement.journal_id
            LEFT JOIN res_company company
                ON company.id = COALESCE(
                    journal.company_id, entitlement.company_id, cycle.company_id, program.company_id
                )
            %s
            """,
            self._join_areas(),
        )

    # Areas, where the platform has them

    @api.model
    def _get_areas(self):
        """Return the model of the registrants' areas, or ``None``."""
        field = self.env["res.partner"]._fields.get(AREA_FIELD)
        areas = self.env.get(field.comodel_name) if field and field.store else None
        return areas if areas is not None and "name" in areas._fields else None

    @api.model
    def _get_area_name(self):
        areas = self._get_areas()
        if areas is None:
            return SQL("NULL::varchar")
        if areas._fields["name"].translate:
            return SQL("COALESCE(place.name->>%s, place.name->>'en_US')", self.env.lang or "en_US")
        return SQL("place.name")

    @api.model
    def _get_area_of_registrant(self):
        if self._get_areas() is None:
            return {"place": SQL("NULL::integer"), "registrants": SQL()}
        return {
            "place": SQL("registrant.%s", SQL.identifier(AREA_FIELD)),
            "registrants": SQL(
                "LEFT JOIN res_partner registrant ON registrant.id = entitlement.partner_id"
            ),
        }

    @api.model
    def _join_areas(self):
        areas = self._get_areas()
        if areas is None:
            return SQL()
        return SQL(
            "LEFT JOIN %s place ON place.id = entitlement.place_id", SQL.identifier(areas._table)
        )
