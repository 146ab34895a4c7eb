from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...verdicts import DECIDED_STATES
from .attendance_history import READER, SHOWN

# Whose numbers a membership shows: those of a member of its household.
PERSON = "attendance_person_id"


class CycleMembership(models.Model):
    """What stands of a cycle, in a row of the registrant's page."""

    _inherit = "g2p.cycle.membership"

    attendance_program_id = fields.Many2one(related="cycle_id.program_id", string="Program")
    attendance_found = fields.Char(
        "Attended",
        compute="_compute_attendance_details",
        groups=READER,
        help="How often the person came; of a household, how many of its members met what is "
        "asked of them.",
    )
    attendance_warning = fields.Char(
        "Warning", compute="_compute_attendance_details", groups=READER
    )
    attendance_free = fields.Char(
        "Waivers and Free Days", compute="_compute_attendance_details", groups=READER
    )
    attendance_overridden_by_id = fields.Many2one(
        "res.users", "Overridden by", compute="_compute_attendance_details", groups=READER
    )
    has_attendance_days = fields.Boolean(compute="_compute_attendance_details", groups=READER)
    may_override_attendance = fields.Boolean(compute="_compute_may_override_attendance")

    @api.depends("attendance_status", "attendance_override_id")
    @api.depends_context(PERSON, "lang", "uid", "su", "allowed_company_ids")
    def _compute_attendance_details(self):
        may_read = self.env.su or self.env.user.has_group(READER)
        standing = self.env["spp.attendance.run.line"]._get_standing(self) if may_read else {}
        for membership in self:
            is_own = may_read and not membership.cycle_id._is_another_companys()
            line = standing.get(membership.id) if is_own else None
            person = membership._get_attendance_line_of(line) if line else None
            override = membership.sudo().attendance_override_id if is_own else None
            membership.update(
                {
                    "attendance_found": person._get_found() if person else False,
                    "attendance_warning": line._describe_warning()
                    if line and line.warning
                    else False,
                    "attendance_free": person._describe_free_reasons() if person else False,
                    "attendance_overridden_by_id": override.create_uid if override else False,
                    "has_attendance_days": bool(person),
                }
            )

    def _get_attendance_line_of(self, line):
        """Return the line whose numbers are shown: the one that stands, or a member's under it."""
        person_id = self.env.context.get(PERSON)
        if not person_id or person_id == self.partner_id.id:
            return line
        return line.member_line_ids.filtered(lambda member: member.partner_id.id == person_id)

    @api.depends(
        "state", "attendance_override_id", "cycle_id.state", "cycle_id.use_attendance_criteria"
    )
    @api.depends_context("uid", "su", "allowed_company_ids")
    def _compute_may_override_attendance(self):
        for membership in self:
            membership.may_override_attendance = membership._may_override_attendance()

    def _may_override_attendance(self):
        """Return whether an override of this membership can be made, or lifted, by the user."""
        cycle = self.cycle_id
        if not cycle._may_run_attendance() or cycle._is_another_companys():
            return False
        is_open = cycle.use_attendance_criteria and cycle._is_open_for_attendance()
        return is_open and not cycle.locked and self.state in DECIDED_STATES

    def action_open_attendance_days(self):
        """Open the days that the verdict that stands counted."""
        self.ensure_one()
        line = self.env["spp.attendance.run.line"]._get_standing(self).get(self.id)
        person = line and self._get_attendance_line_of(line)
        if not person:
            raise UserError(
                _(
                    "No run that stands has checked the attendance of %(name)s.",
                    name=self.partner_id.name,
                )
            )
        return person.with_env(self.env).action_open_days()

    def action_open_attendance_membership(self):
        """Open this membership."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [[self.env.ref("g2p_programs.view_cycle_membership_form").id, "form"]],
        }

    def action_open_attendance_cycles(self):
        """Open all cycles of this registrant that have a verdict."""
        self.ensure_one()
        return self.partner_id.action_open_attendance_memberships()


class ResPartner(models.Model):
    _inherit = "res.partner"

    attendance_membership_ids = fields.One2many(
        "g2p.cycle.membership",
        compute="_compute_attendance_memberships",
        string="Attendance by Cycle",
        groups=READER,
        help="The newest cycles first: the registrant's own, and those of a household of which "
        "the person was a member when its attendance was checked.",
    )
    has_more_attendance_memberships = fields.Boolean(
        compute="_compute_attendance_memberships", groups=READER
    )

    @api.depends_context("uid", "su", "allowed_company_ids")
    def _compute_attendance_memberships(self):
        memberships = self.env["g2p.cycle.membership"]
        found = self._find_attendance_memberships(SHOWN + 1)
        for partner in self:
            ids = found.get(partner._origin.id, [])
            partner.attendance_membership_ids = memberships.browse(ids[:SHOWN])
            partner.has_more_attendance_memberships = len(ids) > SHOWN

    def _find_attendance_memberships(self, limit=None):
        """Return the memberships with a verdict, the newest cycles first, by registrant's id.

        :param limit: how many at most of each
        """
        memberships = self.env["g2p.cycle.membership"]
        may_read = self.env["ir.model.access"].check(memberships._name, "read", False)
        if not self._origin or not may_read or not self._may_read_attendance_history():
            return {}
        self.env.flush_all()
        visible = memberships._search([("attendance_status", "!=", False)])
        self.env.cr.execute(
            SQL(
                """
                SELECT registrant.id, array(
                    SELECT membership.id
                    FROM (
                        SELECT id FROM g2p_cycle_membership WHERE partner_id = registrant.id
                        UNION
                        SELECT line.cycle_membership_id
                        FROM spp_attendance_run_line AS line
                        JOIN spp_attendance_run AS run
                            ON run.id = line.run_id AND run.state = 'done'
                        WHERE line.partner_id = registrant.id AND line.kind = 'member'
                    ) AS found
                    JOIN g2p_cycle_membership AS membership ON membership.id = found.id
                    JOIN g2p_cycle AS cycle ON cycle.id = membership.cycle_id
                    JOIN g2p_program AS program ON program.id = cycle.program_id
                    WHERE membership.id IN %(visible)s AND %(own)s
                    ORDER BY cycle.start_date DESC, cycle.sequence DESC, cycle.id DESC
                    LIMIT %(limit)s
                )
                FROM unnest(%(registrants)s) AS registrant (id)
                """,
                visible=visible.subselect(),
                own=self._is_own_attendance_cycle(),
                limit=limit,
                registrants=self._origin.ids,
            )
        )
        return dict(self.env.cr.fetchall())

    def action_open_attendance_memberships(self):
        """Open all cycles of this registrant that have a verdict."""
        self.ensure_one()
        view = self.env.ref("spp_cycle_attendance_compliance.view_attendance_cycle_tree")
        ids = self._find_attendance_memberships().get(self.id, [])
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendance of %(name)s", name=self.name),
            "res_model": "g2p.cycle.membership",
            "view_mode": "list,form",
            "views": [[view.id, "list"], [False, "form"]],
            "domain": [("id", "in", ids)],
            "context": {PERSON: self.id, "create": False},
        }
