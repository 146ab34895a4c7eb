from odoo.tests import HttpCase

from .common import AttendanceCase


class TourCase(AttendanceCase, HttpCase):
    """Opens the screens in a browser."""

    def setUp(self):
        super().setUp()
        if "spp_registry_base" in self.env["ir.module.module"]._installed():
            # The newest platform names a script that it does not bring, which is an error to tours.
            self.env["ir.asset"].create(
                {
                    "name": "A script that is missing",
                    "bundle": "web.assets_backend",
                    "directive": "remove",
                    "path": "spp_registry/static/src/import_records/import_records.js",
                }
            )

    def _open(self, action, tour, login, query=""):
        self.env.flush_all()
        action_id = self.env.ref(action).id
        self.start_tour(
            f"/web{query}#action={action_id}",
            f"spp_cycle_attendance_compliance.{tour}",
            login=login,
        )
        self.env.invalidate_all()
