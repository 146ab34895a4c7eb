from odoo.http import request

from odoo.addons.mail.controllers.mail import MailController

PROGRAMS = "g2p_programs.g2p_program_menu_root"
REGISTRY = "g2p_registry_base.g2p_main_menu_root"
# The apps whose menu is around what mails of this addon link to: the first that the user has.
MENUS = {
    "g2p.cycle": [PROGRAMS],
    "spp.attendance.source": [PROGRAMS],
    "spp.attendance.waiver": [PROGRAMS],
    "res.partner": [REGISTRY, PROGRAMS],
}


class MenuMailController(MailController):
    @classmethod
    def _redirect_to_record(cls, model, res_id, access_token=None, **kwargs):
        """Open what a mail links to with a menu, which Odoo leaves out where it finds none."""
        response = super()._redirect_to_record(model, res_id, access_token, **kwargs)
        location = response.headers.get("Location", "")
        opens_record = f"id={res_id}" in location or f"/{res_id}?" in location
        if model in MENUS and opens_record and "menu_id=" not in location:
            visible = request.env["ir.ui.menu"]._visible_menu_ids()
            menus = (request.env.ref(name).id for name in MENUS[model])
            for menu_id in [each for each in menus if each in visible][:1]:
                response.headers["Location"] = f"{location}&menu_id={menu_id}"
        return response
