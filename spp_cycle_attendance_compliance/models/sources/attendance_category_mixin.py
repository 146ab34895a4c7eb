from odoo import _, api, fields, models
from odoo.exceptions import UserError


class AttendanceCategoryMixin(models.AbstractModel):
    """What a type and a location of attendance have in common.

    The same name may stand for two things of two sources: only the source and its id tell them
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
    source_id = fields.Many2one(
        "spp.attendance.source", readonly=True, ondelete="restrict", index=True
    )

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink_of_used(self):
        """Keep what attendance refers to, as PostgreSQL does not (see `UncheckedMany2one`).

        What an attendance system knows is kept even before: at any moment an answer may name it.
        """
        used = self.filtered("external_id")
        for model, field in (
            ("spp.event.attendance", self._event_field),
            ("spp.attendance.run", self._event_field),
            ("spp.attendance.condition", self._event_field.removeprefix("attendance_")),
            ("spp.attendance.run.line", self._event_field.removeprefix("attendance_")),
        ):
            if field not in self.env[model]._fields:
                continue
            found = self.env[model].sudo().search([(field, "in", self.ids)], limit=1)
            used |= found[field]
        if used:
            raise UserError(
                _(
                    "%(name)s can't be deleted: attendance is, or will be, recorded or checked "
                    "with it. Archive it instead.",
                    name=used[:1].name,
                )
            )

    @api.depends("name", "source_id.name")
    @api.depends_context("show_source")
    def _compute_display_name(self):
        """Where those of several sources are chosen from, say of which one each is."""
        for category in self:
            source = self.env.context.get("show_source") and category.sudo().source_id.name
            category.display_name = f"{category.name} ({source})" if source else category.name

    @api.model
    def _get_by_external_id(self, source):
        """Return the records of a source, archived ones included, by the source's ids."""
        records = self.sudo().with_context(active_test=False)
        domain = [("source_id", "=", source.id), ("external_id", "!=", 0)]
        found = records.search(domain) if source else self.browse()
        return {record.external_id: record for record in found}

    @api.model
    def _compare(self, source, categories):
        """Return what taking over a source's categories would change here.

        :param source: the source; an empty record for one that is not connected yet
        :param categories: all that the source has, a list of `connector.Category`
        :return: a list of (change, record, category), with change ``new``, ``renamed``,
            ``described`` (in other words than before) or ``gone``; record is empty for a new one,
            category is ``None`` for one that is gone
        """
        known = self._get_by_external_id(source)
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

    def _take_over(self, source, external_id, name, description):
        """Make this record, a new one if there is none, the source's category."""
        vals = {
            "name": name,
            "description": description,
            "active": True,
            "external_id": external_id,
            "source_id": source.id,
        }
        if self:
            self.write(vals)
        else:
            self.create(vals)
