from odoo import api, fields, models
from odoo.tools import SQL

from ...verdicts import NO_DATA, UNDECIDED
from .attendance_run_line import SHOWN_STATUSES


class AttendanceRunLine(models.Model):
    """What stands of a verdict, overrides made and lifted since its run included."""

    _inherit = "spp.attendance.run.line"

    standing_status = fields.Selection(
        SHOWN_STATUSES,
        "Standing Verdict",
        compute="_compute_standing_status",
        search="_search_standing_status",
        help="What stands, overrides included; where this verdict does not stand, what it was.",
    )
    standing_reason = fields.Char(compute="_compute_standing_status")

    @api.depends("standing", "shown_status")
    @api.depends_context("lang", "uid", "su", "allowed_company_ids")
    def _compute_standing_status(self):
        for line in self:
            status, reason = line.shown_status, line.reason
            if line.kind != "member" and line.standing == "stands":
                # Whose registrant is disabled, a verdict is still read, but no membership.
                membership = line.sudo().cycle_membership_id
                status = membership.attendance_shown_status or status
                reason = line._get_standing_reason()
            line.standing_status, line.standing_reason = status, reason

    def _get_standing_reason(self):
        """Return why what stands is so: what an override says, or else this verdict."""
        override = self.sudo().cycle_membership_id.attendance_override_id
        return override._get_reason() if override else self._get_verdict_sentence()

    @api.model
    def _search_standing_status(self, operator, value):
        values = set(value if operator in ("in", "not in") else [value])
        if operator in ("!=", "not in"):
            values = {False, *dict(SHOWN_STATUSES)} - values
        others = self._find_overridden_once()
        others.add_where(
            SQL(
                "coalesce(%s, '') IN %s",
                self._get_membership_status(self._table),
                tuple(each or "" for each in values) or ("",),
            )
        )
        by_run = self._search_shown_status("in", list(values))
        alike = ["&", ("id", "not in", self._find_overridden_once()), *by_run]
        return ["|", *alike, ("id", "in", others)]

    @api.model
    def _find_overridden_once(self):
        """Return the query of the verdicts that stand and may be shown otherwise than their run
        gave them: an override was made, or lifted, once. These are few among millions."""
        self.env["spp.attendance.override"].flush_model(["cycle_membership_id"])
        query = self.sudo()._search([("standing", "=", "stands")])
        query.add_where(
            SQL(
                "%s IN (SELECT cycle_membership_id FROM spp_attendance_override)",
                SQL.identifier(self._table, "cycle_membership_id"),
            )
        )
        return query

    @api.model
    def _get_membership_status(self, alias):
        """Return the SQL of what the membership of a line that stands is shown as."""
        self.env["g2p.cycle.membership"].flush_model(["attendance_status"])
        return SQL(
            """
            (
                SELECT CASE WHEN membership.attendance_status = %(no_data)s
                    AND %(verdict)s = %(undecided)s
                    THEN %(undecided)s ELSE membership.attendance_status END
                FROM g2p_cycle_membership AS membership WHERE membership.id = %(id)s
            )
            """,
            no_data=NO_DATA,
            undecided=UNDECIDED,
            verdict=SQL.identifier(alias, "verdict"),
            id=SQL.identifier(alias, "cycle_membership_id"),
        )

    def _field_to_sql(self, alias, fname, query=None):
        """Group by what stands, which is no column."""
        if fname != "standing_status":
            return super()._field_to_sql(alias, fname, query)
        return SQL(
            "CASE WHEN %s IN %s THEN %s ELSE %s END",
            SQL.identifier(alias, "id"),
            self._find_overridden_once().subselect(),
            self._get_membership_status(alias),
            self._field_to_sql(alias, "shown_status", query),
        )
