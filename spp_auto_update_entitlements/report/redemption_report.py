from odoo import api, fields, models, tools


class RedemptionReport(models.Model):
    """Allocated, redeemed and balance of every entitlement, cash and in-kind.

    It reads the figures stored on the entitlements, so it can't say anything else than they do.
    """

    _name = "spp.redemption.report"
    _description = "Redemption Analysis"
    _auto = False
    _order = "id desc"

    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], readonly=True)
    partner_id = fields.Many2one("res.partner", "Registrant", readonly=True)
    program_id = fields.Many2one("g2p.program", readonly=True)
    cycle_id = fields.Many2one("g2p.cycle", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    end_date = fields.Date("Cycle End", readonly=True)
    state = fields.Selection("_selection_state", "Entitlement State", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    uom_id = fields.Many2one("uom.uom", "Unit of Measure", readonly=True)
    allocated = fields.Float(digits=(16, 2), readonly=True)
    redeemed = fields.Float(digits=(16, 2), readonly=True)
    balance = fields.Float(digits=(16, 2), readonly=True)

    @api.model
    def _selection_state(self):
        return self.env["g2p.entitlement"]._selection_state()

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            f"CREATE VIEW {self._table} AS ({self._get_cash_query()}"
            f" UNION ALL {self._get_inkind_query()})"
        )

    @api.model
    def _get_cash_query(self):
        return f"""
            SELECT 2 * entitlement.id AS id,
                'cash' AS kind,
                {self._get_common_columns()},
                {self._get_currency_column()} AS currency_id,
                NULL::integer AS product_id,
                NULL::integer AS uom_id,
                entitlement.initial_amount AS allocated,
                entitlement.redeemed AS redeemed,
                entitlement.entitlement_balance AS balance
            FROM g2p_entitlement entitlement {self._get_joins()}
        """

    @api.model
    def _get_inkind_query(self):
        by_value = "entitlement.redemption_basis = 'value'"
        return f"""
            SELECT 2 * entitlement.id + 1 AS id,
                'inkind' AS kind,
                {self._get_common_columns()},
                CASE WHEN {by_value} THEN {self._get_currency_column()} END AS currency_id,
                entitlement.product_id AS product_id,
                CASE WHEN {by_value} THEN NULL
                    ELSE COALESCE(entitlement.uom_id, template.uom_id) END AS uom_id,
                CASE WHEN {by_value} THEN entitlement.total_amount
                    ELSE entitlement.qty END AS allocated,
                entitlement.redeemed AS redeemed,
                entitlement.entitlement_balance AS balance
            FROM g2p_entitlement_inkind entitlement {self._get_joins()}
            LEFT JOIN product_product product ON product.id = entitlement.product_id
            LEFT JOIN product_template template ON template.id = product.product_tmpl_id
        """

    @api.model
    def _get_common_columns(self):
        return """
                entitlement.partner_id AS partner_id,
                cycle.program_id AS program_id,
                entitlement.cycle_id AS cycle_id,
                COALESCE(cycle.company_id, program.company_id) AS company_id,
                cycle.end_date AS end_date,
                entitlement.state AS state
        """

    @api.model
    def _get_currency_column(self):
        return "COALESCE(journal.currency_id, company.currency_id)"

    @api.model
    def _get_joins(self):
        return """
            JOIN g2p_cycle cycle ON cycle.id = entitlement.cycle_id
            JOIN g2p_program program ON program.id = cycle.program_id
            LEFT JOIN account_journal journal ON journal.id = entitlement.journal_id
            LEFT JOIN res_company company
                ON company.id = COALESCE(journal.company_id, entitlement.company_id)
        """
