"""Which screens an addon has for a user, and what the server takes to open one."""

import time
from functools import partial
from typing import NamedTuple

from lxml import etree
from measuring import SHORT
from web_client import KINDS, Action, Screen

from odoo import api

# What a button's method is called that opens records, and does nothing else.
OPENERS = ("action_open_", "open_entitlements_form")
# What the names of the platform's modules begin with.
PLATFORM = ("g2p_", "spp_")


class Found(NamedTuple):
    """A screen: one view of a window action.

    :param name: the menu that leads to it, or the action's own name
    :param kind: ``list``, ``form``, ``pivot``, ``graph`` or ``calendar``
    :param view: the type of the view
    :param action: a function of an environment that returns the `web_client.Action`
    :param record_id: what a form shows
    """

    name: str
    kind: str
    view: str
    action: object
    record_id: int | None = None

    def open(self, env):
        """Open it as the web client does; return what `count` needs."""
        opened = Screen(env, self.action(env), self.view)
        return opened, opened.load(self.record_id)

    def count(self, opened, loaded):
        """Return how many records it is about."""
        if self.kind in ("form", "calendar"):
            return len(loaded)
        return opened.model.search_count(opened.search.domain)


class Print(NamedTuple):
    """What the dialog *Print Verdicts* prints, but for making a PDF of the page.

    :param values: what is chosen in the dialog
    """

    name: str
    values: dict
    kind: str = "print"

    def open(self, env):
        dialog = env["spp.attendance.print"].create(self.values)
        report = dialog.action_print()["report_name"]
        page, _kind = env["ir.actions.report"]._render_qweb_html(report, dialog.ids)
        return dialog, page

    def count(self, dialog, _page):
        return sum(len(ids) for _name, ids in dialog._find_groups())


class Finder:
    """Finds the screens that belong to an addon.

    :param user: who opens them; only what the menus show to this user is found
    :param chosen: by model, ids of records to show in its form, where the window shows one of
        them; else it is the first record there
    """

    def __init__(self, env, user, addon, chosen):
        self.env, self.user_env, self.addon = env, env(user=user.id), addon
        self.chosen = chosen
        self.models = self._get_models()
        self.seen = set()

    def find_all(self):
        """Give the screens, those behind the buttons of a form right after the form."""
        self._refuse_others()
        for name, window in self._find_windows():
            yield from self._find_views(name, self._get_reader(window))

    def _get_models(self):
        """Return the models that the addon brings, or extends, and that the user may read."""
        fields = self.env["ir.model.fields"].browse(self._get_own_ids("ir.model.fields"))
        access = self.user_env["ir.model.access"]
        return {
            name
            for name in set(fields.mapped("model"))
            if self.env[name]._transient or access.check(name, "read", False)
        }

    def _get_own_ids(self, model):
        """Return the ids of what the addon brings."""
        domain = [("module", "=", self.addon), ("model", "=", model)]
        return self.env["ir.model.data"].search(domain).mapped("res_id")

    def _refuse_others(self):
        """Refuse what this does not know how to open: better no figures than some are missing."""
        menus = self.env["ir.ui.menu"].browse(self._get_own_ids("ir.ui.menu"))
        for menu in menus.filtered("action"):
            if menu.action._name != "ir.actions.act_window":
                raise NotImplementedError(f"{menu.complete_name} opens a {menu.action._name}.")

    def _find_windows(self):
        """Give the windows, each with its name, that a menu of the user's leads to, or none does.

        They are the addon's own, and the platform's of the models that it extends, without those
        that belong to one record.
        """
        menus = self.env["ir.ui.menu"].with_context(**{"ir.ui.menu.full_list": True}).search([])
        menus = menus.filtered(lambda m: m.action and m.action._name == "ir.actions.act_window")
        visible_ids = self.user_env["ir.ui.menu"]._visible_menu_ids()
        visible = menus.filtered(lambda menu: menu.id in visible_ids)
        names = {menu.action.id: menu.complete_name.split("/", 1)[-1] for menu in visible}
        hidden_ids = {menu.action.id for menu in menus} - names.keys()
        own_ids = self._get_own_ids("ir.actions.act_window")
        external_ids = self.env["ir.actions.act_window"].search([]).get_external_id()
        for window in self.env["ir.actions.act_window"].search([], order="id"):
            is_for_one = "active_id" in f"{window.domain} {window.context}"
            is_platforms = external_ids[window.id].startswith(PLATFORM)
            is_wanted = window.res_model in self.models and is_platforms and not is_for_one
            is_wanted = is_wanted and not self.env[window.res_model]._transient
            if window.id not in hidden_ids and (is_wanted or window.id in own_ids):
                yield names.get(window.id, window.name), window

    def _get_reader(self, window):
        """Return how a window is opened: one that is bound to a model, from a record of it."""
        values = window.sudo().read()[0]
        model = window.binding_model_id.model
        if not model and self.env[window.res_model]._transient:
            model = next(iter(self.chosen))
        active = {}
        if model:
            ids = self.chosen.get(model) or self.user_env[model].search([], limit=1).ids
            active = {"active_model": model, "active_id": ids[0], "active_ids": ids}

        def read(env):
            return Action.read(env(context=dict(env.context, **active)), values)

        return read

    def _find_views(self, name, read):
        action = read(self.user_env)
        if action.model == "board.board":
            yield from self._find_on_board(name, action)
            return
        key = str(action._replace(action_id=False))
        if key in self.seen or action.model not in self.models:
            return
        self.seen.add(key)
        for _view_id, view in action.views:
            found = Found(name, KINDS.get(view, view), view, read)
            if view != "form" or self.env[action.model]._transient:
                yield found
                continue
            record_id = self._find_record(action)
            if record_id:  # else there is nothing to press on in the list
                yield found._replace(record_id=record_id)
                yield from self._find_behind_buttons(name, read, record_id)

    def _find_on_board(self, name, action):
        """Give the screens that a board shows side by side, each as the board opens it."""
        described = self.user_env[action.model].get_view(action.views[0][0], "form")
        for node in etree.fromstring(described["arch"]).iter("action"):
            window = self.user_env["ir.actions.act_window"].browse(int(node.get("name")))
            asked = {key: node.get(key) for key in ("context", "domain") if node.get(key)}
            values = {**window.sudo().read()[0], "view_id": False, **asked}
            values["views"] = [(False, node.get("view_mode"))]
            read = partial(Action.read, values=values)
            yield from self._find_views(f"{name} > {node.get('string')}", read)

    def _find_record(self, action):
        """Return the id of the record that the form shows, if there is one in the window."""
        screen = Screen(self.user_env, action, action.views[0][1])
        among = [("id", "in", self.chosen.get(action.model, []))]
        for domain in ([*screen.search.domain, *among], screen.search.domain):
            found = screen.model.search(domain, limit=1)
            if found:
                return found.id
        return None

    def _find_behind_buttons(self, name, read, record_id):
        """Give the screens that the buttons of a form open, those in its lists included."""
        screen = Screen(self.user_env, read(self.user_env), "form")
        record = screen.model.browse(record_id)
        for button in screen.arch.iter("button"):
            method = button.get("name") or ""
            if not method.startswith(OPENERS):
                continue
            within = [node.get("name") for node in button.iterancestors("field")]
            target = record[within[0]][:1] if within else record
            if target:
                titles = button.xpath("@string | .//field/@string | .//span/text() | @title")
                label = f"{name} > {titles[0] if titles else method}"
                yield from self._find_views(label, _get_presser(target, method))


def _get_presser(record, method):
    """Return how the action is got that a button gives: by pressing it."""
    model, record_id, context = record._name, record.id, record.env.context

    def press(env):
        pressed = env[model].with_context(**context).browse(record_id)
        return Action.read(env, getattr(pressed, method)())

    return press


def open_screen(env, user, screen):
    """Open a screen twice, unless it takes long, with nothing remembered; return the last time."""
    for _round in range(2):
        with env.registry.cursor() as cr:
            own_env = api.Environment(cr, user.id, user.context_get())
            started = time.perf_counter()
            opened = screen.open(own_env)
            seconds = time.perf_counter() - started
            rows = screen.count(*opened)
            cr.rollback()
        if seconds > SHORT:
            break
    return {
        "name": screen.name,
        "kind": screen.kind,
        "rows": rows,
        "seconds": round(seconds, 3),
    }
