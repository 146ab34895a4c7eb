"""Bring what 17.0.2.0.0 and 17.0.2.1.0 remember of settlements into its new shape.

On a database of an earlier module (17.0.1) there is nothing of it yet.
"""

from odoo.tools.sql import column_exists, create_column

ENTITLEMENTS = ("g2p_entitlement", "g2p_entitlement_inkind")
LINES = "spp_cycle_settlement_line"


def migrate(cr, version):
    if column_exists(cr, ENTITLEMENTS[0], "settlement_outcome"):
        for table in ENTITLEMENTS:
            migrate_memory_of_state(cr, table)
        migrate_outcomes(cr)
        fill_lines(cr)
    # From now on a query.
    cr.execute("DROP VIEW IF EXISTS spp_redemption_report")


def migrate_memory_of_state(cr, table):
    """Keep the state given where a settlement wrote another one, and queue what is to look at.

    Queued are those whose state something else has set since, and those that the rules decide
    another way now: what could not be read, and what was lowered from "redeemed".
    """
    create_column(cr, table, "settled_state", "varchar")
    cr.execute(
        f"""
        UPDATE {table} SET
            settled_state = CASE WHEN settlement_outcome IS NOT NULL THEN state END,
            state_before_settlement = CASE
                WHEN settlement_outcome IS NOT NULL AND state_before_settlement <> state
                THEN state_before_settlement
            END,
            is_settled = is_settled AND settlement_outcome IS NOT NULL
                AND redemption_problem IS NULL
                AND settlement_outcome NOT IN ('voided_elsewhere', 'unreadable')
                AND NOT (state = 'parrdpd2ben' AND state_before_settlement = 'rdpd2ben'),
            settlement_outcome = CASE settlement_outcome
                WHEN 'restored' THEN 'voided'
                WHEN 'voided_elsewhere'
                    THEN CASE state WHEN 'parrdpd2ben' THEN 'partial' ELSE 'contradicted' END
                ELSE settlement_outcome
            END
        WHERE settlement_id IS NOT NULL OR settlement_outcome IS NOT NULL
        """
    )


def migrate_outcomes(cr):
    for table in (LINES, "spp_cycle_settlement_total"):
        cr.execute(f"UPDATE {table} SET outcome = 'voided' WHERE outcome = 'restored'")
        cr.execute(
            f"UPDATE {table} SET outcome = 'contradicted' WHERE outcome = 'voided_elsewhere'"
        )


def fill_lines(cr):
    """Fill the new columns of the lines; those of an entitlement's last settlement are open."""
    for column in ("cycle_id", "program_id", "company_id"):
        create_column(cr, LINES, column, "integer")
    create_column(cr, LINES, "status", "varchar")
    cr.execute(
        f"""
        UPDATE {LINES} AS line SET
            cycle_id = settlement.cycle_id,
            program_id = settlement.program_id,
            company_id = settlement.company_id,
            status = CASE WHEN line.is_exception THEN 'superseded' END
        FROM spp_cycle_settlement AS settlement WHERE settlement.id = line.settlement_id
        """
    )
    for table, column in zip(
        ENTITLEMENTS, ("entitlement_id", "inkind_entitlement_id"), strict=True
    ):
        cr.execute(
            f"""
            UPDATE {LINES} AS line SET status = 'open'
            FROM {table} AS entitlement
            WHERE entitlement.id = line.{column} AND line.is_exception
                AND entitlement.settlement_id = line.settlement_id
            """
        )
