from odoo import _, api, models
from odoo.exceptions import AccessError


class Writer:
    """Stands in the context of who may write what is guarded: no call from outside can send it."""


WRITER = Writer()


class GuardMixin(models.AbstractModel):
    """Fields that intakes, runs and overrides write, and nobody else: not the superuser either.

    The rights of a user say nothing here: the platform, or an addon loaded later, may go on as the
    superuser with what a user has sent. Entitlements have the guard of settlements, too: so the
    methods' names say whose they are.
    """

    _name = "spp.attendance.guard.mixin"
    _description = "Fields that Only Attendance Writes"

    @api.model
    def _get_attendance_guarded_fields(self):
        """Return the names of what only `_as_attendance_writer` lets through; here: none."""
        return set()

    @api.model
    def _explain_attendance_guard(self):
        return _("Attendance is counted by runs; nobody can write it.")

    def _as_attendance_writer(self):
        """Return these records for the code that makes the proof itself."""
        return self.with_context(attendance_writer=WRITER)

    @api.model
    def _is_attendance_writer(self):
        return isinstance(self.env.context.get("attendance_writer"), Writer)

    @api.model
    def _refuse_attendance_guarded(self, names):
        if self._is_attendance_writer():
            return
        if not self._get_attendance_guarded_fields().isdisjoint(names):
            raise AccessError(self._explain_attendance_guard())

    @api.model_create_multi
    def create(self, vals_list):
        # Where all fields are guarded, nobody makes a record, not even an empty one, or deletes it.
        self._refuse_attendance_guarded({"id"}.union(*vals_list))
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_attendance_guarded(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _refuse_attendance_unlink(self):
        self._refuse_attendance_guarded({"id"})

    @api.model
    def _add_missing_default_values(self, values):
        """Give guarded fields no default but their own: ``default_*`` and ``ir.default`` can name
        any field, also while our own code makes a record."""
        completed = super()._add_missing_default_values(values)
        for name in completed.keys() & self._get_attendance_guarded_fields() - values.keys():
            default = self._fields[name].default
            if default:
                completed[name] = default(self)
            else:
                del completed[name]
        return completed
