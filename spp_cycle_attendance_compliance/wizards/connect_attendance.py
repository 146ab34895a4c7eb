import hashlib
import time
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..connector import AttendanceError, AuthenticationError, Limits, Question, get_origin
from ..models.sources.attendance_source import CONNECTION_FIELDS, SERVER, SourceError

# Whoever pressed the button is waiting.
LIMITS = Limits(tries=2, deadline=45.0)
SAMPLE_DAYS = 365
TYPE_MODEL = "spp.res.config.attendance.type"
LOCATION_MODEL = "spp.res.config.attendance.location"
OK, WARNING, FAILED = "ok", "warning", "failed"


class ConnectAttendance(models.TransientModel):
    """Connects an attendance system: its address, its credentials, its types and locations."""

    _name = "spp.connect.attendance"
    _inherit = "spp.attendance.dialog.mixin"
    _description = "Connect an Attendance System"

    source_id = fields.Many2one(
        "spp.attendance.source",
        readonly=True,
        ondelete="cascade",
        help="Whose connection is changed. Empty: a new one is made.",
    )
    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: cycles of all companies may choose this source."
    )
    url = fields.Char("Address", help="As https://attendance.example.org")
    auth_kind = fields.Selection(
        lambda self: (
            self.env["spp.attendance.source"]._fields["auth_kind"]._description_selection(self.env)
        ),
        "Authentication",
        required=True,
    )
    auth_endpoint = fields.Char("Token Endpoint", required=True)
    attendance_endpoint = fields.Char(required=True)
    type_endpoint = fields.Char("Types Endpoint", required=True)
    location_endpoint = fields.Char("Locations Endpoint", required=True)
    client_id = fields.Char("Client ID")
    client_secret = fields.Char(
        compute="_compute_client_secret",
        inverse="_inverse_client_secret",
        help="Shown to nobody once it is saved. Leave it empty to keep the one that is saved.",
    )
    new_client_secret = fields.Char(groups=fields.NO_ACCESS)
    new_client_secret_url = fields.Char(groups=fields.NO_ACCESS, help="For which it was entered.")
    secret_note = fields.Char(compute="_compute_secret_note")
    allow_http = fields.Boolean(
        "Allow Unencrypted Connections",
        help="Names, IDs and the secret can then be read on the way. Only for a network that you "
        "trust entirely; addresses of this computer need no permission.",
    )
    persons_per_request = fields.Integer(required=True)
    id_type_id = fields.Many2one(
        "g2p.id.type", "ID Type", help="The ID by which the attendance system knows people."
    )
    id_type_note = fields.Char(compute="_compute_id_type_note")
    unmatched_count = fields.Integer(compute="_compute_id_type_note")
    sample_person = fields.Char(
        help="The ID of a person whom the attendance system knows, to try a question with."
    )
    step_ids = fields.One2many("spp.connect.attendance.step", "wizard_id", "Steps")
    failure = fields.Text("Why It Was Not Saved", readonly=True)
    is_moving = fields.Boolean(readonly=True)
    typed_key = fields.Char(groups=fields.NO_ACCESS, help="For which all of this was found.")
    compared_url = fields.Char(help="What the types and locations here were compared with.")
    difference_ids = fields.One2many(
        "spp.connect.attendance.difference", "wizard_id", "Differences"
    )

    @api.model
    def default_get(self, fields_list):
        """Show the settings as they are, or those of a new source; the secret is not among them."""
        res = super().default_get([*fields_list, "source_id"])
        sources = self.env["spp.attendance.source"]
        names = [*CONNECTION_FIELDS, "name", "company_id", "id_type_id"]
        source = sources.browse(res.get("source_id"))
        if source:
            (shown,) = source.read(names, load=None)
        else:
            shown = sources.default_get(names)
        res.update({name: shown[name] for name in names if name in fields_list and name in shown})
        return res

    def _compute_client_secret(self):
        self.client_secret = False

    def _inverse_client_secret(self):
        self.flush_recordset()
        for wizard in self.filtered("client_secret"):
            self.env.cr.execute(
                SQL(
                    "UPDATE spp_connect_attendance"
                    " SET new_client_secret = %s, new_client_secret_url = %s WHERE id = %s",
                    wizard.client_secret,
                    wizard.url or "",
                    wizard.id,
                ),
                log_exceptions=False,  # whatever goes wrong, the server's log has no secret in it
            )
        # What was typed must not come back to the browser either.
        self.invalidate_recordset()

    @api.constrains("source_id")
    def _check_source_id(self):
        """Let nobody use the secret of another company's source."""
        sources = self.sudo(False).source_id
        if sources.search_count([("id", "in", sources.ids)]) < len(sources):
            raise AccessError(_("This source belongs to another company."))

    # Of a new record, a form computes only what depends on something.
    @api.depends("url", "new_client_secret", "new_client_secret_url")
    @api.depends_context("uid", "lang")
    def _compute_secret_note(self):
        for wizard in self:
            wizard._check_source_id()
            kept_for = wizard.source_id._get_secret_address()
            if wizard._get_new_secret():
                note = _("The secret that you entered is used. It is kept when you save.")
            elif not kept_for:
                note = False
            elif wizard._is_at(kept_for):
                note = _("A secret is kept. Leave the field empty to keep it.")
            else:
                note = wizard.source_id._explain_secret()
            wizard.secret_note = note

    def _is_at(self, url):
        """Return whether what is typed is where a secret was given for."""
        return get_origin(self.url or "") == get_origin(url or "")

    def _get_new_secret(self):
        """Return the secret that was entered for this address, if one was."""
        own = self.sudo()
        return self._is_at(own.new_client_secret_url) and own.new_client_secret

    @api.onchange(
        *("url", "auth_kind", "client_id", "client_secret", "allow_http"),
        *("auth_endpoint", "attendance_endpoint", "type_endpoint", "location_endpoint"),
    )
    def _onchange_connection(self):
        """What was found before says nothing about what is typed now."""
        self.step_ids = self.difference_ids = [(5, 0, 0)]
        self.compared_url = self.failure = False

    def _forget_what_was_found(self):
        """Forget what was found for something else than what is typed now.

        The form can't: it does not send what it shows read-only.
        """
        key = hashlib.sha256(
            repr((self._get_typed_connection(), self._get_new_secret())).encode()
        ).hexdigest()
        if self.sudo().typed_key != key:
            self.step_ids.unlink()
            self.difference_ids.unlink()
            self.sudo().write({"typed_key": key, "failure": False, "compared_url": False})

    @api.depends("id_type_id")
    @api.depends_context("lang")
    def _compute_id_type_note(self):
        """Say what the identifiers that an earlier version kept tell about the ID type."""
        first = self.env["spp.attendance.source"].search(
            [("protocol", "=", SERVER)], order="id", limit=1
        )
        total, matches = self.env["res.partner"]._get_identifier_matches()
        found = ", ".join(f"{id_type.name} {count}" for id_type, count in matches.items()) or "-"
        for wizard in self:
            # Only the first source was there when an earlier version kept identifiers.
            if wizard.source_id != first:
                wizard.update({"id_type_note": False, "unmatched_count": 0})
                continue
            chosen = wizard.source_id.id_type_id
            is_saved = bool(chosen) and wizard.id_type_id == chosen
            wizard.unmatched_count = total - matches.get(chosen, 0) if is_saved else 0
            if not chosen and total:
                wizard.id_type_note = _(
                    "Choose the ID type. %(total)s persons have a kept identifier; of how many "
                    "it is an ID: %(found)s.",
                    total=total,
                    found=found,
                )
            elif wizard.unmatched_count:
                wizard.id_type_note = _(
                    "%(count)s of %(total)s persons are known to the attendance system by "
                    "something else than their %(id_type)s.",
                    count=wizard.unmatched_count,
                    total=total,
                    id_type=chosen.name,
                )
            else:
                wizard.id_type_note = False

    def action_open_unmatched(self):
        """Open the persons who are known by something else than an ID of the chosen type."""
        self.ensure_one()
        persons = self.env["res.partner"]._search_unmatched_identifiers(self.id_type_id)
        return {
            "type": "ir.actions.act_window",
            "name": _("Known by Another ID"),
            "res_model": "res.partner",
            "view_mode": "list,form",
            "views": [
                [self.env.ref("spp_cycle_attendance_compliance.view_unmatched_tree").id, "list"],
                [self.env.ref("g2p_registry_individual.view_individuals_form").id, "form"],
            ],
            "domain": [("id", "in", persons.ids)],
            "context": {"create": False, "active_test": False},
        }

    @api.constrains("persons_per_request")
    def _check_persons_per_request(self):
        if any(not 1 <= wizard.persons_per_request <= 5000 for wizard in self):
            raise ValidationError(_("Ask for 1 to 5,000 persons per request."))

    # Test Connection

    def action_test(self):
        """Try each step of the connection, and show how it went. Changes nothing."""
        self.ensure_one()
        self._forget_what_was_found()
        self.step_ids.unlink()
        self.step_ids = [(0, 0, step) for step in self._test_steps()]
        return self._reopen()

    def _test_steps(self):
        client, step = self._try(_("Settings"), self._get_client)
        yield step
        if client:
            with client:
                yield from self._test_calls(client)

    def _test_calls(self, client):
        steps = [
            (_("Token"), client.authenticate, self._describe_token),
            (_("Types"), client.fetch_types, self._describe_categories),
            (_("Locations"), client.fetch_locations, self._describe_categories),
        ]
        if self.sample_person:
            steps.append((_("Sample person"), lambda: self._ask_sample(client), None))
        for name, call, describe in steps:
            result, step = self._try(name, call, describe)
            if name == _("Sample person") and step["state"] == OK:
                step.update(self._describe_sample(result))
            yield step
            if step["state"] == FAILED and call == client.authenticate:
                return

    def _try(self, name, call, describe=None):
        """Return what a call returns, and the line that tells how it went."""
        started = time.monotonic()
        try:
            result = call()
            state, message = OK, describe(result) if describe else _("These can be used.")
        except (AttendanceError, UserError) as error:
            result, state, message = None, FAILED, str(error)
        return result, {
            "name": name,
            "state": state,
            "message": message,
            "duration": time.monotonic() - started,
        }

    def _describe_token(self, _nothing):
        return _("The server was reached, and accepts the client ID and the secret.")

    def _describe_categories(self, categories):
        names = ", ".join(category.name for category in categories[:5])
        return _("%(count)s received: %(names)s", count=len(categories), names=names or "-")

    def _ask_sample(self, client):
        today = fields.Date.context_today(self)
        question = Question(from_date=today - timedelta(days=SAMPLE_DAYS), to_date=today)
        (answer,) = client.fetch_attendance([self.sample_person.strip()], question)
        return list(answer.persons.values())

    def _describe_sample(self, persons):
        if not persons:
            message = _("Unknown to the attendance system. Is this an ID that it knows people by?")
            return {"state": WARNING, "message": message}
        message = _(
            "Known, with %(count)s attendances in the last %(days)s days.",
            count=len(persons[0].attendances),
            days=SAMPLE_DAYS,
        )
        return {"message": message}

    # Save

    def action_save(self):
        """Keep the settings if they work; if they don't, ask first."""
        self.ensure_one()
        self._forget_what_was_found()
        return self._save() or self._close(_("The connection was saved."))

    def action_save_anyway(self):
        """Keep the settings though they were seen to fail."""
        self.ensure_one()
        self._forget_what_was_found()
        if not self.failure:
            return self.action_save()
        return self._save(anyway=True) or self._close(
            _(
                "The connection was saved, though it does not work yet. If the client ID or the "
                "secret were refused, those that were kept stay."
            ),
            kind="warning",
        )

    def _save(self, anyway=False):
        """Keep the settings.

        Credentials that were just refused do not take the place of those that are kept.

        :return: what to show instead, if nothing was saved
        """
        if not self.id_type_id:
            raise UserError(_("Choose the ID type by which the attendance system knows people."))
        connection, secret = self._get_typed_connection(), self._get_new_secret()
        self.is_moving = bool(self.source_id) and self.source_id._is_moved_by(connection)
        with self._get_client() as client:
            try:
                client.authenticate()
                if self.is_moving:
                    self.source_id._check_is_same_system(client, self.id_type_id)
            except AttendanceError as error:
                if not anyway or self.is_moving:
                    return self._show_failure(error)
                if isinstance(error, AuthenticationError) and self.source_id._get_secret_address():
                    secret, connection["client_id"] = None, self.source_id.client_id
        self._write_source(connection, secret)
        return None

    def _show_failure(self, error):
        failure = _("Nothing was saved: %(error)s", error=error)
        if self.is_moving:
            failure = _(
                "Nothing was saved. The attendances that came from %(name)s must be found again "
                "where you say that it is now: %(error)s",
                name=self.source_id.name,
                error=error,
            )
        self.failure = failure
        return self._reopen()

    def _write_source(self, connection, secret):
        sources = self.env["spp.attendance.source"]
        vals = {
            **connection,
            "name": self.name,
            "company_id": self.company_id.id,
            "id_type_id": self.id_type_id.id,
        }
        if not self.source_id:
            source = sources._as_attendance_writer().create({**vals, "protocol": SERVER})
            self.source_id = source.with_env(self.env)
        self.source_id._set_connection(vals, secret)
        self.source_id.activity_feedback(["mail.mail_activity_data_todo"])
        self.sudo().write({"new_client_secret": False, "new_client_secret_url": False})

    def _get_typed_connection(self):
        """Return the connection's settings as typed, but the secret."""
        connection = {name: self[name] for name in CONNECTION_FIELDS}
        for name in ("url", "client_id"):
            connection[name] = (connection[name] or "").strip()
        connection["url"] = connection["url"].rstrip("/")
        return connection

    def _get_client(self):
        connection = self._get_typed_connection()
        if not connection["url"]:
            raise UserError(_("Enter the address of the attendance system."))
        try:
            return self.source_id._get_client(LIMITS, self._get_new_secret(), **connection)
        except SourceError as error:
            raise UserError(str(error)) from None  # a browser shows no other kind

    def _close(self, message, kind="success"):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # Import

    def action_import(self):
        """Show which types and locations are new, changed or gone. Changes nothing."""
        self.ensure_one()
        self._forget_what_was_found()
        try:
            with self._get_client() as client:
                categories = {
                    TYPE_MODEL: client.fetch_types(),
                    LOCATION_MODEL: client.fetch_locations(),
                }
        except AttendanceError as error:
            raise UserError(str(error)) from None
        self.difference_ids.unlink()
        self.difference_ids = [
            (0, 0, self._prepare_difference(model, *difference))
            for model, found in categories.items()
            for difference in self.env[model]._compare(self.source_id, found)
        ]
        self.compared_url = self._get_typed_connection()["url"]
        return self._reopen()

    @api.model
    def _prepare_difference(self, model, change, record, category):
        return {
            "model": model,
            "record_id": record.id,
            "change": change,
            "external_id": category.external_id if category else record.external_id,
            "name": category.name if category else record.name,
            "description": category.description if category else record.description,
            "former_name": record.name if change == "renamed" else False,
        }

    def action_take_over(self):
        """Save the settings, and take the types and locations over as shown."""
        self.ensure_one()
        self._forget_what_was_found()
        if self.compared_url != self._get_typed_connection()["url"]:
            raise UserError(_("Types and locations were not compared with this address: do so."))
        not_saved = self._save()
        if not_saved:
            return not_saved
        self.difference_ids._take_over(self.source_id)
        self.compared_url = False
        return self._close(_("The connection was saved, and types and locations taken over."))
