"""What the addon leaves where Odoo does not look for it when it is uninstalled."""

from .models.events.event_data import ATTENDANCE_MODEL
from .models.sources.secrets import drop_table


def uninstall_hook(env):
    forget_tasks(env)
    forget_events(env)
    drop_table(env.cr)


def forget_tasks(env):
    """Delete the open tasks about problems, on cycles and registrants: nothing would end them."""
    for name in ("spp.attendance.run", "spp.attendance.run.line"):
        found = env[name].search([("problem_activity_id", "!=", False)])
        found.problem_activity_id.filtered("active").unlink()


def forget_events(env):
    """Delete what the platform lists of attendances.

    It could not be opened any more, and would show another attendance if the addon came back.
    """
    env["spp.event.data"].flush_model()
    env.cr.execute("DELETE FROM spp_event_data WHERE model = %s", [ATTENDANCE_MODEL])
    env.invalidate_all()
