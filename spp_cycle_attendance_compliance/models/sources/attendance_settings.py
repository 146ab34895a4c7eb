from odoo import _, api, models
from odoo.exceptions import UserError

from ...connector import AttendanceClient, ConfigurationError, Limits, ServerSettings

PREFIX = "spp_cycle_attendance_compliance."
SECRET_PARAMETER = PREFIX + "attendance_client_secret"
# Where the connection's settings are kept: (attribute of ServerSettings, parameter, default).
CONNECTION_PARAMETERS = (
    ("url", "attendance_server_url", ""),
    ("auth_kind", "attendance_auth_kind", "json"),
    ("auth_endpoint", "attendance_auth_endpoint", "/auth/token"),
    ("client_id", "attendance_client_id", ""),
    ("client_secret", "attendance_client_secret", ""),
    ("attendance_endpoint", "attendance_compliance_endpoint", "/attendances"),
    ("type_endpoint", "attendance_type_endpoint", "/attendance/types"),
    ("location_endpoint", "attendance_location_endpoint", "/attendance/locations"),
    ("allow_http", "attendance_allow_http", ""),
    ("persons_per_request", "attendance_persons_per_request", "500"),
)
ID_TYPE_PARAMETER = PREFIX + "attendance_id_type_id"
DEFAULT_CRITERIA_PARAMETER = PREFIX + "use_attendance_criteria_by_default"
NO_DATA_LIMIT_PARAMETER = PREFIX + "brake_no_data_percentage"
NON_COMPLIANT_LIMIT_PARAMETER = PREFIX + "brake_non_compliant_percentage"
DEFAULT_LIMIT_PERCENTAGE = 50
# Of the persons with a kept identifier, how many must have it as their ID of one type.
MATCHING_PERCENTAGE = 95


class AttendanceSettings(models.AbstractModel):
    """The bridge from the config parameters to the connector, which knows no Odoo."""

    _name = "spp.attendance.settings"
    _description = "Attendance Settings"

    @api.model
    def _get_connection(self):
        """Return the connection's settings as kept, by their names in `ServerSettings`."""
        get_param = self.env["ir.config_parameter"].sudo().get_param
        return {
            name: get_param(PREFIX + parameter) or default
            for name, parameter, default in CONNECTION_PARAMETERS
        }

    @api.model
    def _set_connection(self, connection):
        """Keep settings of the connection, by their names in `ServerSettings`."""
        parameters = {name: parameter for name, parameter, _default in CONNECTION_PARAMETERS}
        set_param = self.env["ir.config_parameter"].sudo().set_param
        for name, value in connection.items():
            set_param(PREFIX + parameters[name], value)

    @api.model
    def _get_server_url(self):
        """Return the address of the attendance system, by which its events are marked."""
        return self._get_connection()["url"].strip().rstrip("/")

    @api.model
    def _get_client(self, limits=None, **connection):
        """Return a client of the attendance system.

        :param Limits limits: how long and how often to try
        :param connection: settings that take the place of the kept ones
        :raise UserError: if the settings are not complete, or can't be right
        """
        values = {**self._get_connection(), **connection}
        if not values["url"]:
            raise UserError(
                _(
                    "No attendance system is connected. An administrator connects one under "
                    "Programs > Configuration > Attendance > Attendance System; or set the source "
                    "of the cycle's attendance criteria to what is recorded in OpenSPP."
                )
            )
        values["allow_http"] = bool(values["allow_http"])
        values["persons_per_request"] = self._to_int(values["persons_per_request"], 500)
        try:
            return AttendanceClient(ServerSettings(**values), limits or Limits())
        except ConfigurationError as error:
            raise UserError(str(error)) from None

    @api.model
    def _get_id_type(self):
        """Return the ID type by which the attendance system knows people, or an empty record."""
        value = self.env["ir.config_parameter"].sudo().get_param(ID_TYPE_PARAMETER)
        return self.env["g2p.id.type"].sudo().browse(self._to_int(value, 0)).exists()

    @api.model
    def _has_identifiers(self):
        """Return whether there is anything by which the attendance system may know people."""
        persons = self.env["res.partner"].sudo().with_context(active_test=False)
        return bool(
            self._get_id_type() or persons.search([("personal_identifier", "!=", False)], limit=1)
        )

    @api.model
    def _choose_id_type(self):
        """Choose the ID type that the kept personal identifiers are of, if they tell which.

        After an upgrade from the earlier module, which kept the identifiers and no ID type. They
        tell if just one ID type has those of `MATCHING_PERCENTAGE` of the persons.
        """
        if self._get_id_type():
            return
        total, matches = self.env["res.partner"]._get_identifier_matches()
        matching = [
            id_type
            for id_type, count in matches.items()
            if count * 100 >= MATCHING_PERCENTAGE * total
        ]
        if len(matching) == 1:
            self.env["ir.config_parameter"].sudo().set_param(ID_TYPE_PARAMETER, matching[0].id)

    @api.model
    def _get_percentage(self, parameter):
        """Return a limit of the brake, in percent."""
        value = self.env["ir.config_parameter"].sudo().get_param(parameter)
        return self._to_int(value, DEFAULT_LIMIT_PERCENTAGE)

    @api.model
    def _to_int(self, value, default):
        value = str(value or "").strip()
        return int(value) if value.isdecimal() else default
