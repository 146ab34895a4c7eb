from urllib.parse import urlencode

from odoo.http import request

from odoo.addons.mail.controllers.mail import MailController

from .menus import MENUS


class MenuMailController(MailController):
    @classmethod
    def _redirect_to_record(cls, model, res_id, access_token=None, **kwargs):
        """Open what a mail links to with a menu, which Odoo leaves out where it finds none."""
        response = super()._redirect_to_record(model, res_id, access_token, **kwargs)
        location = response.headers.get("Location", "")
        opens_record = f"id={res_id}" in location or f"/{res_id}?" in location
        if model not in MENUS or not opens_record or "menu_id=" in location:
            return response
        if request.session.uid is None:
            # Which menu, and which page, depends on who logs in: the link is followed again then.
            link = f"/mail/view?{urlencode({'model': model, 'res_id': res_id})}"
            return request.redirect(f"/web/login?{urlencode({'redirect': link})}")
        # Whether she may be read was checked before. Contacts are of other apps.
        if model == "res.partner" and not request.env[model].sudo().browse(res_id).is_registrant:
            return response
        visible = request.env["ir.ui.menu"]._visible_menu_ids()
        found = (request.env.ref(name, raise_if_not_found=False) for name in MENUS[model])
        for menu in [menu for menu in found if menu and menu.id in visible][:1]:
            response.headers["Location"] = f"{location}&menu_id={menu.id}"
        return response
