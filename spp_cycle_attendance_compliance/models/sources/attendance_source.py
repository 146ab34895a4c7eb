from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_datetime, plaintext2html

from ...connector import AttendanceClient, ConfigurationError, Limits, ServerSettings
from .secrets import create_table, find_address, find_secret

SERVER, FILES, RECORDED = "server", "file", "recorded"
# The connection's settings, by their names in `ServerSettings`; the secret is kept elsewhere.
CONNECTION_FIELDS = (
    "url",
    "auth_kind",
    "auth_endpoint",
    "client_id",
    "attendance_endpoint",
    "type_endpoint",
    "location_endpoint",
    "allow_http",
    "persons_per_request",
)
# Of the persons with a kept identifier, how many must have it as their ID of one type.
MATCHING_PERCENTAGE = 95
ADMINISTRATORS = "g2p_registry_base.group_g2p_admin"


class SourceError(UserError):
    """A source can't be asked before an administrator has done something."""


class AttendanceSource(models.Model):
    """Where attendance comes from: a system that is asked, or what is recorded in OpenSPP.

    Types, locations, events, intakes and runs belong to a source, wherever its address is today.
    """

    _name = "spp.attendance.source"
    _inherit = ["mail.thread", "mail.activity.mixin", "spp.attendance.guard.mixin"]
    _description = "Attendance Source"
    _order = "protocol desc, name, id"

    name = fields.Char(required=True, translate=False, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: cycles of all companies may choose it.", tracking=True
    )
    protocol = fields.Selection(
        [
            (SERVER, "An attendance system that is asked"),
            (FILES, "Files"),
            (RECORDED, "What is recorded in OpenSPP"),
        ],
        "Kind",
        required=True,
        default=SERVER,
        help="What is recorded in OpenSPP counts the attendances of all sources and those made by "
        "hand.",
    )
    url = fields.Char("Address", readonly=True, copy=False, tracking=True)
    auth_kind = fields.Selection(
        [
            ("json", "JSON, as OpenSPP's attendance server"),
            ("oauth2", "OAuth 2.0 client credentials, as identity providers"),
        ],
        "Authentication",
        default="json",
        tracking=True,
    )
    client_id = fields.Char("Client ID", groups=ADMINISTRATORS, copy=False)
    auth_endpoint = fields.Char("Token Endpoint", default="/auth/token")
    attendance_endpoint = fields.Char(default="/attendances", copy=False)
    type_endpoint = fields.Char("Types Endpoint", default="/attendance/types")
    location_endpoint = fields.Char("Locations Endpoint", default="/attendance/locations")
    allow_http = fields.Boolean(
        "Allow Unencrypted Connections",
        help="Names, IDs and the secret can then be read on the way. Only for a network that you "
        "trust entirely; addresses of this computer need no permission.",
        tracking=True,
    )
    persons_per_request = fields.Integer(default=500)
    id_type_id = fields.Many2one(
        "g2p.id.type",
        "ID Type",
        ondelete="restrict",
        help="The ID by which the attendance system, or whoever makes the files, knows people.",
        tracking=True,
    )
    file_layout = fields.Json(
        "Columns of the Files", copy=False, help="What they mean, as it was said the last time."
    )
    intake_ids = fields.One2many("spp.attendance.intake", "source_id", "Intakes")
    is_polled = fields.Boolean(
        "Ask Every Night",
        help="Every night it is asked what runs of its cycles would ask. What it answers is "
        "stored, so runs take less time, and attendances are seen before; nothing is decided.",
        tracking=True,
    )
    type_ids = fields.One2many("spp.res.config.attendance.type", "source_id", "Types")
    location_ids = fields.One2many("spp.res.config.attendance.location", "source_id", "Locations")

    def init(self):
        result = super().init()
        create_table(self.env.cr)
        return result

    @api.model
    def _get_attendance_guarded_fields(self):
        return {"url", "attendance_endpoint", "client_id"}

    @api.model
    def _explain_attendance_guard(self):
        return _(
            "An attendance source is connected, and moved to another address, by the wizard: "
            "open the source, and press Change Connection."
        )

    def write(self, vals):
        """Change a source, but not its kind: that is what its attendances are."""
        if any(vals.get("protocol", source.protocol) != source.protocol for source in self):
            raise AccessError(self._explain_attendance_guard())
        return super().write(vals)

    @api.constrains("name", "company_id")
    def _check_source_name(self):
        for source in self:
            same = [("name", "=ilike", source.name), ("company_id", "=", source.company_id.id)]
            if self.with_context(active_test=False).search_count(same) > 1:
                raise ValidationError(
                    _("There is a source called %(name)s already.", name=source.name)
                )

    @api.constrains("url", "attendance_endpoint")
    def _check_url(self):
        """The same system as two sources would count twice."""
        for source in self.filtered("url"):
            same = [
                ("url", "=", source.url),
                ("attendance_endpoint", "=", source.attendance_endpoint),
                ("id", "!=", source.id),
            ]
            other = self.sudo().with_context(active_test=False).search(same, limit=1)
            if other:
                raise ValidationError(
                    _(
                        "%(address)s is the source %(name)s already. Change that one; if it is "
                        "archived, unarchive it.",
                        address=source.url,
                        name=other.name,
                    )
                )

    @api.constrains("persons_per_request")
    def _check_persons_per_request(self):
        if any(not 1 <= source.persons_per_request <= 5000 for source in self):
            raise ValidationError(_("Ask for 1 to 5,000 persons per request."))

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink_of_used(self):
        """Keep what attendance came from, as PostgreSQL does not (see `UncheckedMany2one`)."""
        for source in self:
            is_used = source._is_known() or any(
                self.env[name].sudo().search_count([("attendance_source_id", "=", source.id)])
                for name in ("g2p.cycle", "spp.attendance.run")
            )
            if is_used:
                raise UserError(
                    _(
                        "%(name)s can't be deleted: cycles, runs, attendances, types or locations "
                        "refer to it. Archive it instead.",
                        name=source.name,
                    )
                )

    # Which one

    @api.model
    def _get_default(self, company):
        """Return the source of a program's first cycle: the only one that is connected."""
        domain = [("company_id", "in", (False, company.id)), ("protocol", "!=", RECORDED)]
        connected = self.sudo().search(domain, limit=2)
        return connected if len(connected) == 1 else self.browse()

    def _is_asked(self):
        """Return whether people's attendance is asked for; else what is stored is all there is."""
        return self.protocol == SERVER

    # The connection

    def _get_connection(self):
        """Return the connection's settings by their names in `ServerSettings`, but the secret."""
        source = self.sudo()
        return {name: source[name] or "" for name in CONNECTION_FIELDS}

    def _get_secret_address(self):
        """Return the address that the kept secret was given for, or ``None``."""
        return find_address(self.env.cr, self.id) if self.id else None

    def _explain_secret(self):
        """Return why the kept secret is not sent, and what to do."""
        address = self._get_secret_address()
        if not address:
            return _("No secret is kept. Enter the secret that the attendance system gave you.")
        return _(
            "The secret that is kept was given for %(address)s, and is sent nowhere else. Enter "
            "the secret for the new address.",
            address=address,
        )

    def _get_client(self, limits=None, secret=None, **connection):
        """Return a client of the attendance system.

        :param Limits limits: how long and how often to try
        :param str secret: instead of the one that is kept
        :param connection: settings that take the place of the kept ones
        :raise SourceError: if the settings are not complete, or can't be right
        """
        values = {**self._get_connection(), **connection}
        secret = secret or (self.id and find_secret(self.env.cr, self.id, values["url"]))
        if values["url"] and not secret:
            raise SourceError(self._explain_secret())
        try:
            settings = ServerSettings(
                **{**values, "allow_http": bool(values["allow_http"])}, client_secret=secret or ""
            )
        except ConfigurationError as error:
            raise SourceError(str(error)) from None
        return AttendanceClient(settings, limits or Limits())

    def _describe_connection(self):
        """Return in a sentence whether this source is connected, and when it last said something.

        It is read by whoever sees the settings, without the connection's own values.
        """
        self.ensure_one()
        domain = [("source_id", "=", self.id), ("is_done", "=", True)]
        last = self.env["spp.attendance.intake"].sudo().search(domain, order="id desc", limit=1)
        at = last.answered_at and format_datetime(self.env, last.answered_at, dt_format="short")
        if self.protocol == RECORDED:
            return _("%(name)s: always there.", name=self.name)
        if self.protocol == FILES and not at:
            return _("%(name)s: no file yet.", name=self.name)
        if self.protocol == FILES:
            return _("%(name)s: the last file was stored on %(at)s.", name=self.name, at=at)
        if not self.url or self._get_secret_address() is None:
            return _("%(name)s: not connected.", name=self.name)
        if not at:
            return _("%(name)s: connected, not asked for attendance yet.", name=self.name)
        return _("%(name)s: connected, last answered on %(at)s.", name=self.name, at=at)

    # Who is known there

    def _has_identifiers(self):
        """Return whether there is anything by which the attendance system may know people."""
        persons = self.env["res.partner"].sudo().with_context(active_test=False)
        return bool(
            self.sudo().id_type_id
            or persons.search([("personal_identifier", "!=", False)], limit=1)
        )

    def _choose_id_type(self):
        """Choose the ID type that the kept personal identifiers are of, if they tell which.

        After an upgrade from the earlier module, which kept the identifiers and no ID type. They
        tell if just one ID type has those of `MATCHING_PERCENTAGE` of the persons.
        """
        total, matches = self.env["res.partner"]._get_identifier_matches()
        matching = [
            id_type
            for id_type, count in matches.items()
            if count * 100 >= MATCHING_PERCENTAGE * total
        ]
        if len(matching) == 1:
            own = self.filtered(lambda source: source._is_asked() and not source.id_type_id)
            own.id_type_id = matching[0]

    # What only an administrator can mend

    def _ask_administrator(self, problem):
        """Have an administrator look at what went wrong; once, until it is done."""
        self.ensure_one()
        administrator = self._get_administrator()
        summary = _("The attendance system can't be asked")
        note = plaintext2html(problem)
        asked = self.activity_ids.filtered("automated")
        if asked:
            asked.note = note
        elif administrator:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=administrator.id,
            )

    def _get_administrator(self):
        """Return whoever changed the source last, or else one of the administrators."""
        administrators = self.env["res.users"].search([("share", "=", False)], order="id")
        administrators = administrators.filtered(
            lambda user: (
                user.has_group(ADMINISTRATORS)
                and (not self.company_id or self.company_id in user.company_ids)
            )
        )
        own = self.write_uid | self.create_uid
        return (administrators & own)[:1] or administrators[:1]

    # Buttons

    def action_change(self):
        """Open the wizard that tests and changes the connection, and imports what is new there."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_cycle_attendance_compliance.action_connect_attendance"
        )
        return {**action, "name": self.name, "context": {"default_source_id": self.id}}
