"""Bring what 17.0.2.0.0 and 17.0.2.1.0 remember of settlements into its new shape.

On a database of an earlier module (17.0.1) there is nothing of it yet. Each table may have millions
of rows: they are read and written by the database alone.
"""

import logging

from psycopg2 import errors

from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

_logger = logging.getLogger(__name__)

ENTITLEMENTS = {
    "g2p_entitlement": "entitlement_id",
    "g2p_entitlement_inkind": "inkind_entitlement_id",
}
LINES = "spp_cycle_settlement_line"
TOTALS = "spp_cycle_settlement_total"
REPORT = "spp_redemption_report"


def migrate(cr, version):
    if column_exists(cr, "g2p_entitlement", "settlement_outcome"):
        for table in ENTITLEMENTS:
            if not column_exists(cr, table, "settled_state"):
                create_column(cr, table, "settled_state", "varchar")
            forget_states_of_others(cr, table)
            migrate_memory_of_state(cr, table)
        migrate_lists(cr)
        migrate_filters(cr)
    drop_report(cr)


def forget_states_of_others(cr, table):
    """Queue what something else has set since its settlement: by the ORM, or past it.

    What the ORM wrote has no outcome. What was written past it is in a state that the outcome does
    not lead to.
    """
    cr.execute(
        SQL(
            """
        UPDATE %(table)s
        SET is_settled = FALSE, settlement_outcome = NULL, state_before_settlement = NULL
        WHERE settlement_id IS NOT NULL AND (
            CASE
                WHEN settlement_outcome IN ('redeemed', 'over') THEN state = 'rdpd2ben'
                WHEN settlement_outcome = 'partial' THEN state = 'parrdpd2ben'
                WHEN settlement_outcome = 'restored' THEN state = state_before_settlement
                WHEN settlement_outcome = 'unredeemed'
                THEN state IN ('approved', 'trans2FSP', 'expired')
                WHEN settlement_outcome IN ('paid_elsewhere', 'voided_elsewhere')
                THEN state IN ('parrdpd2ben', 'rdpd2ben')
                WHEN settlement_outcome IN ('closed', 'closed_with_transactions')
                THEN state NOT IN
                    ('approved', 'trans2FSP', 'expired', 'parrdpd2ben', 'rdpd2ben')
                ELSE settlement_outcome IS NOT NULL
            END
        ) IS NOT TRUE
        """,
            table=SQL.identifier(table),
        )
    )


def migrate_memory_of_state(cr, table):
    """Keep the state given where a settlement wrote another one, and the one that it wrote.

    A settlement writes no other states than these two. Queued is what the rules decide another way
    now: what can't be read, what was voided below what others gave, and what was lowered.
    """
    cr.execute(
        SQL(
            """
        UPDATE %(table)s SET
            settled_state = state,
            state_before_settlement = CASE
                WHEN state IN ('parrdpd2ben', 'rdpd2ben') AND state_before_settlement <> state
                THEN state_before_settlement
            END,
            is_settled = is_settled AND (
                settlement_outcome IN ('unreadable', 'voided_elsewhere')
                OR settlement_outcome = 'restored' AND state IN ('parrdpd2ben', 'rdpd2ben')
                OR settlement_outcome = 'over_voided' AND state_before_settlement <> state
                OR settlement_outcome = 'partial' AND state_before_settlement = 'rdpd2ben'
            ) IS NOT TRUE,
            settlement_outcome = %(outcome)s
        WHERE settlement_outcome IS NOT NULL
        """,
            table=SQL.identifier(table),
            outcome=get_outcome("settlement_outcome", "state"),
        )
    )


def get_outcome(outcome, state):
    """Return what an outcome is called now, SQL: it goes by the state that came of it."""
    return SQL(
        """
        CASE
            WHEN %(outcome)s NOT IN ('restored', 'voided_elsewhere') THEN %(outcome)s
            WHEN %(state)s = 'parrdpd2ben' THEN 'partial'
            WHEN %(state)s = 'rdpd2ben' THEN 'contradicted'
            ELSE 'voided'
        END
        """,
        outcome=SQL(outcome),
        state=SQL(state),
    )


def migrate_lists(cr):
    """Fill the new columns of the lines: open are those that no later settlement has overtaken."""
    cr.execute(
        SQL(
            """
        UPDATE %(totals)s
        SET outcome = CASE outcome WHEN 'restored' THEN 'voided' ELSE 'contradicted' END
        WHERE outcome IN ('restored', 'voided_elsewhere')
        """,
            totals=SQL.identifier(TOTALS),
        )
    )
    for column, kind in (
        ("cycle_id", "integer"),
        ("program_id", "integer"),
        ("company_id", "integer"),
        ("status", "varchar"),
    ):
        if not column_exists(cr, LINES, column):
            create_column(cr, LINES, column, kind)
    cr.execute(
        SQL(
            """
        UPDATE %(lines)s AS line SET
            cycle_id = settlement.cycle_id,
            program_id = settlement.program_id,
            company_id = settlement.company_id,
            status = CASE WHEN line.is_exception THEN 'open' END,
            outcome = %(outcome)s
        FROM spp_cycle_settlement AS settlement WHERE settlement.id = line.settlement_id
        """,
            lines=SQL.identifier(LINES),
            outcome=get_outcome("line.outcome", "line.state_after"),
        )
    )
    for table, column in ENTITLEMENTS.items():
        cr.execute(
            SQL(
                """
            UPDATE %(lines)s AS line SET status = 'superseded'
            FROM %(table)s AS entitlement
            WHERE entitlement.id = line.%(column)s AND line.status = 'open'
                AND entitlement.settlement_id <> line.settlement_id
            """,
                lines=SQL.identifier(LINES),
                table=SQL.identifier(table),
                column=SQL.identifier(column),
            )
        )


def migrate_filters(cr):
    """Have people's own filters look for what the outcomes are called now."""
    cr.execute(
        """
        UPDATE ir_filters SET domain = REPLACE(
            REPLACE(REPLACE(REPLACE(domain,
                '''restored''', '''voided'''), '"restored"', '"voided"'),
                '''voided_elsewhere''', '''contradicted'''), '"voided_elsewhere"', '"contradicted"')
        WHERE model_id IN (
            'g2p.entitlement', 'g2p.entitlement.inkind',
            'spp.cycle.settlement.line', 'spp.cycle.settlement.total'
        ) AND domain ~ '["''](restored|voided_elsewhere)["'']'
        """
    )
    # A row of the analysis is no single registrant's any more.
    cr.execute(
        """
        UPDATE ir_filters SET active = FALSE, name = name || ' (does not fit any more)'
        WHERE model_id = 'spp.redemption.report' AND active
            AND CONCAT(domain, context, sort) LIKE '%partner_id%'
        """
    )


def drop_report(cr):
    """Drop the view of the database that is a query from now on."""
    try:
        with cr.savepoint(flush=False):
            cr.execute(SQL("DROP VIEW IF EXISTS %s", SQL.identifier(REPORT)), log_exceptions=False)
    except errors.DependentObjectsStillExist as error:
        # Somebody's own reports use it. It goes on saying what the stored figures say.
        _logger.warning("The view %s is kept: %s", REPORT, error)
