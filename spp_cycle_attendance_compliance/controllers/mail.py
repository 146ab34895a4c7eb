from odoo.http import request

from odoo.addons.mail.controllers.mail import MailController

PROGRAMS = "g2p_programs.g2p_program_menu_root"
# The app whose menu is around what mails of this addon link to.
MENUS = {
    "g2p.cycle": PROGRAMS,
    "spp.attendance.source": PROGRAMS,
    "spp.attendance.waiver": PROGRAMS,
    "res.partner": "g2p_registry_base.g2p_main_menu_root",
}


class MenuMailController(MailController):
    @classmethod
    def _redirect_to_record(cls, model, res_id, access_token=None, **kwargs):
        """Open what a mail links to with the menu of its app, which Odoo 17 leaves out."""
        response = super()._redirect_to_record(model, res_id, access_token, **kwargs)
        location = response.headers.get("Location", "")
        if model in MENUS and "#" in location and "menu_id=" not in location:
            response.headers["Location"] = f"{location}&menu_id={request.env.ref(MENUS[model]).id}"
        return response
