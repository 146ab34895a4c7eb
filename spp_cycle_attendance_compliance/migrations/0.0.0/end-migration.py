"""At each upgrade to a newer version, whichever it is."""

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ValidationError

MODULE = "spp_cycle_attendance_compliance"


def migrate(cr, version):
    archive_views_that_do_not_fit(api.Environment(cr, SUPERUSER_ID, {}))


def archive_views_that_do_not_fit(env):
    """Archive people's own changes to views that name what the views have no more.

    One of them would keep everybody from opening the page. Its name then says why it is archived.
    """
    env.cr.execute(
        """
        SELECT view.id FROM ir_ui_view AS view
        WHERE view.mode = 'extension' AND view.active AND view.model IN (
            SELECT own.model FROM ir_ui_view AS own
            JOIN ir_model_data AS data ON data.model = 'ir.ui.view' AND data.res_id = own.id
            WHERE data.module = %s
        ) AND NOT EXISTS (
            SELECT FROM ir_model_data AS data JOIN ir_module_module AS module
                ON module.name = data.module
            WHERE data.model = 'ir.ui.view' AND data.res_id = view.id
        )
        ORDER BY view.id
        """,
        [MODULE],
    )
    views = env["ir.ui.view"].browse(row[0] for row in env.cr.fetchall())
    views.active = False
    for view in views.with_context(load_all_views=True):
        try:
            with env.cr.savepoint():
                view.active = True
                view._check_xml()
        except ValidationError:
            env.invalidate_all(flush=False)
            view.name = f"{view.name} (does not fit any more)"
