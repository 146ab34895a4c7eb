"""Bring the settings to the companies, and what waited for a job to the cron."""

import logging

from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists

_logger = logging.getLogger(__name__)

GRACE_DAYS = "spp_auto_update_entitlements.grace_days"
MAX_GRACE_DAYS = 3650


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    migrate_settings(env)
    if column_exists(cr, "spp_cycle_settlement", "job_uuid"):
        migrate_queued_settlements(env)
        cr.execute("ALTER TABLE spp_cycle_settlement DROP COLUMN job_uuid")
    env["g2p.cycle"]._hold_back(ended_only=not version.startswith("17.0.1."))


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
    """Mark the cycles whose settlement waited for a job as to be ended; the cron ends them."""
    env.cr.execute(
        """
        UPDATE g2p_cycle AS cycle
        SET end_requested_by_id = settlement.user_id, locked = FALSE, locked_reason = NULL
        FROM spp_cycle_settlement AS settlement
        WHERE settlement.cycle_id = cycle.id AND settlement.state = 'queued'
        """
    )
    env.cr.execute(
        """
        UPDATE queue_job SET state = 'cancelled'
        WHERE method_name = '_settle_in_background' AND state NOT IN ('done', 'cancelled')
        """
    )
    env.cr.execute(
        """
        UPDATE spp_cycle_settlement
        SET state = 'interrupted', error = 'The upgrade of the addon went on with it.'
        WHERE state = 'queued'
        """
    )
    env.invalidate_all()
