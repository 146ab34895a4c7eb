from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDialogs(TransactionCase):
    """What somebody is about to do in a dialog is nobody else's."""

    def test_each_is_of_who_opened_it(self):
        addon = "spp_cycle_attendance_compliance"
        dialogs = [
            model
            for model in self.env.values()
            if model.is_transient() and model._original_module == addon
        ]
        self.assertGreater(len(dialogs), 15)
        for dialog in dialogs:
            with self.subTest(dialog._name):
                rules = self.env["ir.rule"].search([("model_id.model", "=", dialog._name)])
                own = rules.filtered(lambda rule: not rule.groups)
                self.assertIn("[('create_uid', '=', user.id)]", own.mapped("domain_force"))
