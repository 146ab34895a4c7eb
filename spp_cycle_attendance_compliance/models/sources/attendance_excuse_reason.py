from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...files.words import is_word

ADDON = "spp_cycle_attendance_compliance"


class AttendanceExcuseReason(models.Model):
    """Why somebody is excused who did not come. Sources, files and registrars name it."""

    _name = "spp.attendance.excuse.reason"
    _description = "Reason of an Excuse"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)

    @api.constrains("name")
    def _check_reason_name(self):
        for reason in self:
            # In a file it stands in the place of a presence.
            if is_word(reason.name):
                raise ValidationError(
                    _(
                        "In files, %(name)s is a word for a presence or an absence. Choose "
                        "another name for the reason.",
                        name=reason.name,
                    )
                )
            same = [("name", "=ilike", reason.name.strip()), ("id", "!=", reason.id)]
            if self.with_context(active_test=False).search_count(same):
                raise ValidationError(
                    _(
                        "There is a reason called %(name)s already; it may be archived.",
                        name=reason.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink_of_used(self):
        """Keep what attendance refers to, as PostgreSQL does not (see `UncheckedMany2one`).

        And what came with the addon, which the next upgrade would bring again.
        """
        names = self.get_external_id()
        used = self.filtered(lambda reason: names[reason.id].startswith(f"{ADDON}."))
        for model, field in (
            ("spp.event.attendance", "excuse_reason_id"),
            ("spp.attendance.file.row", "reason_id"),
            ("spp.attendance.category.map", "excuse_reason_id"),
        ):
            used |= self.env[model].sudo().search([(field, "in", self.ids)], limit=1)[field]
        if used:
            raise UserError(
                _(
                    "%(name)s can't be deleted: attendances, or the words of a source, refer to "
                    "it, or it came with OpenSPP. Archive it instead.",
                    name=used[:1].name,
                )
            )

    @api.model
    def _get_in_use(self):
        """Return the reasons to choose from."""
        return self.search([("active", "=", True)])

    @api.model
    def _get_by_name(self):
        """Return the ids of the reasons by their names, stripped and casefolded, in all languages:
        whoever fills in a file may have another one than whoever brings it in."""
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        names = {}
        for language in [*languages, self.env.lang or "en_US"]:
            for reason in self.sudo().with_context(lang=language)._get_in_use():
                names[reason.name.strip().casefold()] = reason.id
        return names

    @api.model
    def _get_default(self):
        """Return the reason that is meant where a file says no more than that somebody is excused;
        none if there is none any more."""
        other = self.env.ref(f"{ADDON}.excuse_other", raise_if_not_found=False)
        return other.filtered("active") if other else self.browse()
