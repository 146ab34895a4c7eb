"""What is asked of the database after each step: figures as text, in full."""

# Every decision as the database saw it: a table that is filled, and rolled back, with it.
WATCH_DECISIONS = """
    CREATE TABLE in_time_decided (
        settlement_id integer, kind text, entitlement_id integer, is_changed boolean,
        outcome text, unit text, granted numeric, redeemed numeric
    );
    CREATE INDEX ON in_time_decided (settlement_id);
    CREATE FUNCTION in_time_note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO in_time_decided SELECT
            NEW.settlement_id, TG_ARGV[0], NEW.id, NEW.state <> OLD.state, NEW.settlement_outcome,
            CASE WHEN to_jsonb(NEW)->>'redemption_basis' = 'quantity' THEN 'kg'
                ELSE (SELECT name FROM res_currency WHERE id = COALESCE(
                    (SELECT currency_id FROM account_journal WHERE id = NEW.journal_id),
                    (SELECT currency_id FROM res_company WHERE id = NEW.company_id)))
            END,
            NEW.redeemed + NEW.entitlement_balance, NEW.redeemed;
        RETURN NULL;
    END $$;
    CREATE TRIGGER in_time AFTER UPDATE ON g2p_entitlement FOR EACH ROW
        WHEN (NEW.is_settled AND OLD.is_settled IS NOT TRUE)
        EXECUTE FUNCTION in_time_note('cash');
    CREATE TRIGGER in_time AFTER UPDATE ON g2p_entitlement_inkind FOR EACH ROW
        WHEN (NEW.is_settled AND OLD.is_settled IS NOT TRUE)
        EXECUTE FUNCTION in_time_note('inkind');
"""
ENTITLEMENTS = """
    SELECT xmin::text AS version, id, cycle_id, state, is_settled, settlement_id,
        settlement_outcome, state_before_settlement, settled_state, redemption_problem,
        redeemed::text, entitlement_balance::text
    FROM {} WHERE id = ANY(%s)
"""
DECIDED = (
    "state",
    "settlement_id",
    "settlement_outcome",
    "state_before_settlement",
    "settled_state",
)
CYCLES = """
    SELECT id, state, settlement_hold, end_requested_by_id IS NOT NULL AS is_requested
    FROM g2p_cycle WHERE id = ANY(%s)
"""
LINES = """
    SELECT id, settlement_id, entitlement_id, inkind_entitlement_id, outcome, state_given,
        state_after, allocated::text, redeemed::text, balance::text, problem, is_twin,
        is_outside, is_exception, status
    FROM spp_cycle_settlement_line WHERE cycle_id = ANY(%s) ORDER BY id
"""
SETTLEMENTS = """
    SELECT settlement.id, settlement.state, entitlement_count, changed_count, exception_count,
        (
            SELECT count(*) FROM spp_cycle_settlement_line
            WHERE settlement_id = settlement.id AND is_exception
        ) AS listed,
        (SELECT count(*) FROM in_time_decided WHERE settlement_id = settlement.id) AS decided,
        (
            SELECT count(*) FROM in_time_decided
            WHERE settlement_id = settlement.id AND is_changed
        ) AS changed
    FROM spp_cycle_settlement AS settlement WHERE cycle_id = ANY(%s)
"""
TOTALS = """
    SELECT settlement_id, kind, outcome,
        CASE WHEN uom_id IS NULL THEN currency.name ELSE 'kg' END AS unit, count,
        allocated::text AS granted, redeemed::text AS redeemed,
        balance::text AS balance
    FROM spp_cycle_settlement_total AS total
    LEFT JOIN res_currency AS currency ON currency.id = total.currency_id
    WHERE settlement_id = ANY(%s) ORDER BY 1, 2, 3, 4
"""
DECISIONS = """
    SELECT settlement_id, kind, outcome, unit, count(*), sum(granted)::text AS granted,
        sum(redeemed)::text AS redeemed, sum(granted - redeemed)::text AS balance
    FROM in_time_decided WHERE settlement_id = ANY(%s)
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
