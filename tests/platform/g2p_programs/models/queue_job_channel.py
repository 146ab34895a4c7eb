from odoo import _, api, models
from odoo.exceptions import ValidationError


class QueueJobChannel(models.Model):
    _inherit = "queue.job.channel"

    @api.constrains("parent_id", "name")
    def parent_required(self):
        # Takes the place of queue_job's own check: root_program has no parent.
        for channel in self:
            if channel.name and not channel.name.startswith("root") and not channel.parent_id:
                raise ValidationError(_("A channel needs a parent."))
