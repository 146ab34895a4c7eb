"""Bring the settings to the companies, and what waited for a job to the cron."""

import logging

from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists

_logger = logging.getLogger(__name__)

GRACE_DAYS = "spp_auto_update_entitlements.grace_days"
MAX_GRACE_DAYS = 3650


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    # Only 17.0.2.0.0 and 17.0.2.1.0 had it; Odoo drops it when all modules are loaded.
    is_of_this_addon = column_exists(cr, "spp_cycle_settlement", "job_uuid")
    migrate_settings(env)
    if is_of_this_addon:
        migrate_queued_settlements(env)
    env["g2p.cycle"]._hold_back(ended_only=is_of_this_addon)


def migrate_settings(env):
    parameters = env["ir.config_parameter"].sudo()
    value = parameters.get_param(GRACE_DAYS)
    companies = env["res.company"].with_context(active_test=False).search([])
    if value:
        if value.isdecimal():
            companies.settlement_grace_days = min(int(value), MAX_GRACE_DAYS)
        else:
            _logger.warning("%s is no number of days: 0 is used", GRACE_DAYS)
        parameters.search([("key", "=", GRACE_DAYS)]).unlink()
    cron = env.ref("spp_auto_update_entitlements.cron_settle_cycles")
    if not cron.active:
        # That was how to pause; an archived cron can't be started by "Set as Ended" either.
        companies.is_settlement_paused = True
        cron.active = True


def migrate_queued_settlements(env):
    """Have the cron go on with the settlements that waited for a job, and end their cycles.

    Where the job was stopped, the settlement has failed: nobody is to end that cycle unasked.
    """
    env.flush_all()
    env.cr.execute(
        """
        UPDATE spp_cycle_settlement AS settlement
        SET state = 'failed', end_datetime = NOW() AT TIME ZONE 'UTC',
            error = 'The background job of this settlement was stopped.'
        FROM g2p_cycle AS cycle
        WHERE settlement.state = 'queued' AND cycle.id = settlement.cycle_id AND (
            cycle.state NOT IN ('approved', 'distributed') OR NOT EXISTS (
                SELECT FROM queue_job
                WHERE uuid = settlement.job_uuid AND state NOT IN ('done', 'cancelled')
            )
        )
        RETURNING settlement.cycle_id
        """
    )
    stopped = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        """
        UPDATE spp_cycle_settlement AS killed SET state = 'interrupted'
        FROM spp_cycle_settlement AS queued
        WHERE queued.cycle_id = killed.cycle_id
            AND queued.state = 'queued' AND killed.state = 'running'
        """
    )
    env.cr.execute(
        """
        WITH settlement AS (
            UPDATE spp_cycle_settlement
            SET state = 'running', start_datetime = NOW() AT TIME ZONE 'UTC'
            WHERE state = 'queued' RETURNING cycle_id, user_id
        )
        UPDATE g2p_cycle AS cycle SET end_requested_by_id = settlement.user_id
        FROM settlement WHERE settlement.cycle_id = cycle.id
        RETURNING cycle.id
        """
    )
    requested = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        "UPDATE g2p_cycle SET locked = FALSE, locked_reason = NULL WHERE id = ANY(%s)",
        [stopped + requested],
    )
    env.cr.execute(
        """
        UPDATE queue_job SET state = 'cancelled'
        WHERE model_name = 'g2p.cycle' AND method_name = '_settle_in_background'
            AND state NOT IN ('done', 'cancelled')
        """
    )
    env.invalidate_all(flush=False)
