from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import quote

from werkzeug.utils import redirect

from odoo.tests import tagged

from odoo.addons.mail.controllers.mail import MailController

from ..controllers import mail
from .common import SettlementCase


def open_record(cls, model, res_id, access_token=None, **kwargs):
    """What Odoo 17 answers to a link of a mail; 19 finds menus of its own."""
    return redirect(f"/web#model={model}&id={res_id}")


@tagged("post_install", "-at_install")
class TestLinksOfMails(SettlementCase):
    """Asked for itself: other addons open cycles with a menu, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cycle = cls._create_cycle()
        cls.validator = cls._create_user("links", "g2p_programs.g2p_program_validator")
        cls.programs = cls.env.ref("g2p_programs.g2p_program_menu_root")

    def _follow(self, record, user=None):
        """Return where the link of a mail leads a user to, or who is not logged in."""
        request = SimpleNamespace(
            env=self.env(user=user or self.env.ref("base.public_user"), su=False),
            session=SimpleNamespace(uid=user and user.id),
            redirect=redirect,
        )
        with (
            patch.object(MailController, "_redirect_to_record", classmethod(open_record)),
            patch.object(mail, "request", request),
        ):
            answer = mail.MenuMailController._redirect_to_record(record._name, record.id)
        return answer.headers["Location"]

    def test_they_open_with_the_menu(self):
        for record in (self.cycle, self.program):
            opened = f"/web#model={record._name}&id={record.id}"
            self.assertEqual(
                self._follow(record, self.validator), f"{opened}&menu_id={self.programs.id}"
            )
        self.assertNotIn("menu_id", self._follow(self.registrant, self.validator))

    def test_who_is_not_logged_in_follows_them_again(self):
        link = quote(f"/mail/view?model=g2p.cycle&res_id={self.cycle.id}", safe="")
        self.assertEqual(self._follow(self.cycle), f"/web/login?redirect={link}")

    def test_a_menu_that_was_deleted(self):
        self.programs.unlink()
        self.assertTrue(self._follow(self.cycle, self.validator).endswith(f"id={self.cycle.id}"))
