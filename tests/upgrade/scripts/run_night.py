"""The nightly run. For `odoo shell`."""

env["g2p.cycle"]._cron_settle()
env.cr.commit()
