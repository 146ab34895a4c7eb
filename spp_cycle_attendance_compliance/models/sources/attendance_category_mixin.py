from odoo import _, api, fields, models
from odoo.exceptions import UserError


class AttendanceCategoryMixin(models.AbstractModel):
    """What a type and a location of attendance have in common.

    The same name may stand for two things on two servers: only the server and its id tell them
    apart. Those made here have neither.
    """

    _name = "spp.attendance.category.mixin"
    _description = "Attendance Type or Location"
    _order = "name, id"
    _event_field = None  # the attendance's field that refers to it

    name = fields.Char(required=True, index=True)
    description = fields.Text()
    active = fields.Boolean(default=True)
    external_id = fields.Integer(
        "External ID", readonly=True, help="The number that the attendance system knows it by."
    )
    external_source = fields.Char(
        "Attendance System", readonly=True, help="The address of the system that it comes from."
    )

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink_of_used(self):
        """Keep what attendance refers to, as PostgreSQL does not (see `UncheckedMany2one`).

        What an attendance system knows is kept even before: at any moment an answer may name it.
        """
        events = self.env["spp.event.attendance"].sudo()
        used = self.filtered("external_id")
        for model in (events, self.env["spp.attendance.run"].sudo()):
            used |= model.search([(self._event_field, "in", self.ids)], limit=1)[self._event_field]
        if used:
            raise UserError(
                _(
                    "%(name)s can't be deleted: attendance is, or will be, recorded or checked "
                    "with it. Archive it instead.",
                    name=used[:1].name,
                )
            )

    @api.model
    def _get_by_external_id(self, server_url):
        """Return the records of a server, archived ones included, by the server's ids."""
        records = self.sudo().with_context(active_test=False)
        domain = [("external_source", "=", server_url), ("external_id", "!=", 0)]
        return {record.external_id: record for record in records.search(domain)}

    @api.model
    def _compare(self, server_url, categories):
        """Return what taking over a server's categories would change here.

        :param categories: all that the server has, a list of `connector.Category`
        :return: a list of (change, record, category), with change ``new``, ``renamed``,
            ``described`` (in other words than before) or ``gone``; record is empty for a new one,
            category is ``None`` for one that is gone
        """
        known = self._get_by_external_id(server_url)
        differences = []
        for category in categories:
            record = known.pop(category.external_id, self.browse())
            if not record.active:
                differences.append(("new", record, category))
            elif record.name != category.name:
                differences.append(("renamed", record, category))
            elif (record.description or "") != category.description:
                differences.append(("described", record, category))
        gone = [("gone", record, None) for record in known.values() if record.active]
        return differences + gone

    def _take_over(self, server_url, external_id, name, description):
        """Make this record, a new one if there is none, the server's category."""
        vals = {
            "name": name,
            "description": description,
            "active": True,
            "external_id": external_id,
            "external_source": server_url,
        }
        if self:
            self.write(vals)
        else:
            self.create(vals)
