from odoo import api, fields, models


class SettlementTurn(models.Model):
    """Where the last turn of a night stopped looking at what can't be read: the next goes on.

    It says what a settlement leaves out, so nobody else may write it.
    """

    _name = "spp.settlement.turn"
    _inherit = "spp.settlement.guard.mixin"
    _description = "Turn of the Nightly Settlement"

    day = fields.Date(required=True)
    unseen = fields.Json(help="After which ids there is more to look at, by kind of entitlement.")

    @api.model
    def _get_unseen(self, kinds):
        """Return after which ids to look today, by kind; of the first turn, from the start."""
        turn = self.sudo().search([("day", "=", fields.Date.today())], limit=1)
        return dict(turn.unseen or {}) if turn else dict.fromkeys(kinds, 0)

    @api.model
    def _keep_unseen(self, unseen):
        """Keep what `_get_unseen` returns in the next turn, or forget it if there is none."""
        turns = self.sudo()._as_writer()
        turns.search([("day", "!=", False)]).unlink()
        if unseen is not None:
            turns.create({"day": fields.Date.today(), "unseen": unseen})
