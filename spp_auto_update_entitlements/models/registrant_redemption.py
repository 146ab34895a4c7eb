from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import OUTCOMES
from .settlement_mixin import READER_VIEW


class RegistrantRedemption(models.Model):
    """What was granted to a registrant and redeemed, over all cycles: cash and in kind together.

    It reads the entitlements, so it can't say anything else than they do. Only ever of a few
    registrants: of all it would be millions of rows.
    """

    _name = "spp.registrant.redemption"
    _inherit = "spp.settlement.amounts.mixin"
    _description = "Redemption of a Registrant"
    _auto = False
    _order = "end_date desc, id desc"
    _rec_name = "code"

    partner_id = fields.Many2one("res.partner", "Beneficiary", readonly=True)
    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], readonly=True)
    code = fields.Char("Entitlement Code", readonly=True)
    entitlement_id = fields.Many2one("g2p.entitlement", readonly=True)
    inkind_entitlement_id = fields.Many2one("g2p.entitlement.inkind", readonly=True)
    cycle_id = fields.Many2one("g2p.cycle", readonly=True)
    program_id = fields.Many2one("g2p.program", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    end_date = fields.Date("Cycle End", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    state = fields.Selection("_selection_state", readonly=True)
    outcome = fields.Selection(OUTCOMES, readonly=True)
    line_id = fields.Many2one("spp.cycle.settlement.line", "Open Line", readonly=True)
    problem = fields.Char("To Look At", related="line_id.listed_for")

    @api.model
    def _selection_state(self):
        return self.env["g2p.entitlement"]._selection_state()

    @property
    def _table_query(self):
        query = SQL(
            "%s UNION ALL %s",
            self._get_query(
                table="g2p_entitlement",
                kind="cash",
                columns=SQL(
                    """
                    entitlement.id AS entitlement_id, NULL::integer AS inkind_entitlement_id,
                    NULL::integer AS product_id, NULL::integer AS uom_id,
                    COALESCE(journal.currency_id, company.currency_id) AS currency_id,
                    entitlement.initial_amount AS allocated
                    """
                ),
                line=SQL("line.entitlement_id"),
            ),
            self._get_query(
                table="g2p_entitlement_inkind",
                kind="inkind",
                columns=SQL(
                    """
                    NULL::integer AS entitlement_id, entitlement.id AS inkind_entitlement_id,
                    entitlement.product_id AS product_id,
                    CASE WHEN entitlement.redemption_basis = 'value' THEN NULL
                        ELSE COALESCE(entitlement.uom_id, template.uom_id) END AS uom_id,
                    CASE WHEN entitlement.redemption_basis = 'value'
                        THEN COALESCE(journal.currency_id, company.currency_id) END AS currency_id,
                    CASE WHEN entitlement.redemption_basis = 'value'
                        THEN entitlement.total_amount ELSE entitlement.qty END AS allocated
                    """
                ),
                line=SQL("line.inkind_entitlement_id"),
                joins=SQL(
                    """
                    LEFT JOIN product_product product ON product.id = entitlement.product_id
                    LEFT JOIN product_template template ON template.id = product.product_tmpl_id
                    """
                ),
            ),
        )
        return self.env.cr.mogrify(query.code, query.params).decode()

    @api.model
    def _get_query(self, table, kind, columns, line, joins=None):
        """Return the query of the entitlements of one kind.

        :param line: which column of a line of a settlement refers to them
        """
        return SQL(
            """
            SELECT 2 * entitlement.id + %(odd)s AS id, %(kind)s AS kind, entitlement.partner_id,
                entitlement.code, entitlement.cycle_id, cycle.program_id, cycle.end_date,
                COALESCE(entitlement.company_id, cycle.company_id, program.company_id)
                    AS company_id,
                entitlement.state, entitlement.settlement_outcome AS outcome,
                entitlement.redeemed, entitlement.entitlement_balance AS balance,
                (
                    SELECT MAX(line.id) FROM spp_cycle_settlement_line AS line
                    WHERE %(line)s = entitlement.id AND line.status = 'open'
                ) AS line_id,
                %(columns)s
            FROM %(table)s AS entitlement
            JOIN g2p_cycle cycle ON cycle.id = entitlement.cycle_id
            JOIN g2p_program program ON program.id = cycle.program_id
            LEFT JOIN account_journal journal ON journal.id = entitlement.journal_id
            LEFT JOIN res_company company
                ON company.id = COALESCE(
                    journal.company_id, entitlement.company_id, cycle.company_id, program.company_id
                )
            %(joins)s
            """,
            odd=int(kind == "inkind"),
            kind=kind,
            line=line,
            columns=columns,
            table=SQL.identifier(table),
            joins=joins or SQL(),
        )

    def action_open_entitlement(self):
        """Open the entitlement, with its transactions and payments."""
        self.ensure_one()
        entitlement = self.entitlement_id or self.inkind_entitlement_id
        return entitlement.with_context(**READER_VIEW).get_formview_action()

    def action_open_line(self):
        """Open the line of a settlement that a person has to look at."""
        self.ensure_one()
        return self.line_id.get_formview_action()
