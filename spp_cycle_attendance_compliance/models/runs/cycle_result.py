from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import format_datetime

from ...verdicts import ABSENT, NO_DATA, NON_COMPLIANT_STATE
from .attendance_run import DONE, FAILED, OUTDATED, RUNNING, WAITING
from .verdict_bar import LOOKS


class G2PCycle(models.Model):
    """What the page of a cycle says at once: which run stands, with what result, and what is next.

    All figures are those that are kept, of the run and of what stands: no membership is counted.
    """

    _inherit = "g2p.cycle"

    attendance_standing_run_id = fields.Many2one(
        "spp.attendance.run",
        "Run that Stands",
        compute="_compute_attendance_result",
        help="Of the runs that were applied and not taken back, the last one.",
    )
    attendance_bar = fields.Html("Attendance", compute="_compute_attendance_result", sanitize=False)
    attendance_result = fields.Text(
        "Result", compute="_compute_attendance_result", help="Who loses, and who decided when."
    )
    attendance_next_step = fields.Char(
        "What Is Next", compute="_compute_attendance_result", help="What somebody is to do now."
    )

    @api.depends("attendance_run_ids.state", "state", "locked", "use_attendance_criteria")
    @api.depends_context("lang", "tz", "uid", "su", "allowed_company_ids")
    def _compute_attendance_result(self):
        for cycle in self:
            run = cycle._get_standing_run()
            if cycle._is_another_companys():
                run = run.browse()
            cycle.attendance_standing_run_id = run
            step = cycle._get_attendance_next_step() if cycle.use_attendance_criteria else ""
            cycle.attendance_next_step = step
            counts = cycle._get_standing_counts() if run else {}
            bar = self.env["spp.attendance.verdict.bar"]
            cycle.attendance_bar = bool(counts) and bar._render(counts)
            cycle.attendance_result = bool(run) and "\n".join(cycle._describe_result(run))

    def _get_standing_run(self):
        """Return the run whose verdicts stand, as the superuser; none if there is none."""
        applied = self.sudo().attendance_run_ids.filtered(lambda run: run.state == DONE)
        return applied.sorted("applied_number")[-1:]

    def _get_standing_counts(self):
        """Return how many memberships have each verdict now, overrides included."""
        counts = self.env["spp.attendance.count"].sudo()
        return dict(
            counts._read_group(
                [("cycle_id", "=", self._origin.id)], ["status"], ["membership_count:sum"]
            )
        )

    def _describe_result(self, run):
        overrides = self._get_overrides_since(run)
        yield self._describe_losing(run.refused_count + self._count_losing_more(run, overrides))
        without_data = run.no_data_count - run.undecided_count
        if run.no_data_rule == ABSENT and without_data:
            yield _("Without data, which counts as not attended: %(count)s.", count=without_data)
        if overrides:
            yield _("Overridden since: %(count)s.", count=len(overrides))
        yield _(
            "Applied by %(name)s on %(at)s.",
            name=run.decided_by_id.name,
            at=format_datetime(self.env, run.finished_at, dt_format="short"),
        )
        if self._has_other_criteria(run):
            yield _("These verdicts are by older criteria: those of the cycle were changed since.")

    def _get_overrides_since(self, run):
        """Return the overrides in force that a run did not decide by."""
        overrides = self.env["spp.attendance.override"].sudo()
        overrides = overrides.search(
            [
                ("cycle_membership_id.cycle_id", "=", self._origin.id),
                ("lifted_at", "=", False),
            ]
        )
        known = self.env["spp.attendance.run.line"].sudo()
        known = known.search(
            [
                ("cycle_membership_id", "in", overrides.cycle_membership_id.ids),
                ("run_id", "=", run.id),
                ("override_id", "in", overrides.ids),
            ]
        )
        return overrides - known.override_id

    def _count_losing_more(self, run, overrides):
        """Return how many more lose by overrides than by a run; fewer are below 0."""
        memberships = overrides.cycle_membership_id
        lines = self.env["spp.attendance.run.line"].sudo()
        refused = lines.search(
            [
                ("cycle_membership_id", "in", memberships.ids),
                ("run_id", "=", run.id),
                ("kind", "!=", "member"),
                ("state_after", "=", NON_COMPLIANT_STATE),
            ]
        ).cycle_membership_id
        losing = memberships.filtered(lambda each: each.state == NON_COMPLIANT_STATE)
        return len(losing - refused) - len(refused - losing)

    def _describe_losing(self, count):
        if not count:
            return _("Nobody is non-compliant.")
        if self._is_about_households():
            if count == 1:
                return _("1 family is non-compliant, and gets nothing in this cycle.")
            return _(
                "%(count)s families are non-compliant, and get nothing in this cycle.", count=count
            )
        if count == 1:
            return _("1 person is non-compliant, and gets nothing in this cycle.")
        return _("%(count)s persons are non-compliant, and get nothing in this cycle.", count=count)

    def _has_other_criteria(self, run):
        """Return whether the cycle asks for something else now than when a run decided."""
        if not self.use_attendance_criteria or not self._is_open_for_attendance():
            return False
        return not self._has_same_criteria(run) or run._has_other_days()

    def _get_attendance_next_step(self):
        """Return what somebody is to do now about the attendance of this cycle."""
        self.ensure_one()
        last = self.sudo().attendance_run_ids[:1]
        run = self._get_standing_run()
        if last.state == RUNNING:
            return _("Wait until the check that is in progress is done.")
        if not self._is_open_for_attendance():
            return "" if run else _("Nothing: the attendance of this cycle was not checked.")
        if self.locked:
            return _("Wait until the background task is done.")
        step = self._get_step_after_run(last) or self._get_step_after_verdicts(run)
        if not step:
            return _("The cycle can be approved.")
        if not self._may_run_attendance():
            return _("For program managers: %(step)s", step=step)
        return step

    def _get_step_after_run(self, last):
        steps = {
            WAITING: _("Open the run that waits, look at its verdicts, then apply or discard it."),
            FAILED: _("Open the run that failed: it says why, and how to retry."),
            OUTDATED: _("Open the run that is outdated: it says why. Then run it again."),
        }
        return steps.get(last.state, "")

    def _get_step_after_verdicts(self, run):
        if not run:
            return _(
                "Look at the criteria below, then preview the attendance: that changes nothing."
            )
        if self._has_other_criteria(run):
            return _("Preview the attendance again: the criteria were changed since.")
        if run._explain_other_waivers():
            return _("Evaluate the attendance again: a waiver was approved or revoked since.")
        if run.undecided_draft_count and self._has_undecided_drafts(run):
            return _(
                "Decide about those whom the attendance left in draft: the page of the run lists "
                "them."
            )
        prepared_at = self._get_last_preparation()
        if prepared_at and self._has_enrolled_since(prepared_at):
            return _(
                "Prepare the entitlements again, while the cycle is in draft: somebody was "
                "enrolled since they were prepared, and has none."
            )
        if self.state == "to_approve":
            return ""
        if not prepared_at:
            return _("Prepare the entitlements of those who are enrolled.")
        return _("Send the cycle to be approved.")

    def _has_undecided_drafts(self, run):
        domain = [
            ("run_id", "=", run.id),
            ("cycle_membership_id.state", "=", "draft"),
            ("cycle_membership_id.attendance_status", "=", NO_DATA),
            *run._get_undecided_domain(),
        ]
        return bool(self.env["spp.attendance.run.line"].sudo().search_count(domain, limit=1))

    def _get_last_preparation(self):
        """Return when the last entitlement of this cycle was prepared, if any was."""
        last = (
            self.env[name]
            .sudo()
            .search([("cycle_id", "=", self._origin.id)], order="id desc", limit=1)
            for name in ("g2p.entitlement", "g2p.entitlement.inkind")
        )
        return max((each.create_date for each in last if each), default=None)

    def _has_enrolled_since(self, prepared_at):
        """Return whether attendance enrolled somebody after a moment who has no entitlement.

        Of who was enrolled before it, the program may want it so. Looked at are only runs and
        overrides that came after it: mostly none.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT FROM (
                SELECT line.cycle_membership_id AS id
                FROM spp_attendance_run AS run
                JOIN spp_attendance_run_line AS line ON line.run_id = run.id
                WHERE run.cycle_id = %(cycle)s AND run.state IN ('done', 'taken_back')
                    AND greatest(run.finished_at, run.taken_back_at) > %(moment)s
                    AND line.kind != 'member' AND line.is_changing
                UNION ALL
                SELECT cycle_membership_id FROM spp_attendance_override
                WHERE greatest(create_date, lifted_at) > %(moment)s
            ) AS changed
            JOIN g2p_cycle_membership AS membership ON membership.id = changed.id
            WHERE membership.cycle_id = %(cycle)s AND membership.state = 'enrolled'
                AND NOT EXISTS (
                    SELECT FROM g2p_entitlement AS entitlement
                    WHERE entitlement.partner_id = membership.partner_id
                        AND entitlement.cycle_id = membership.cycle_id
                ) AND NOT EXISTS (
                    SELECT FROM g2p_entitlement_inkind AS entitlement
                    WHERE entitlement.partner_id = membership.partner_id
                        AND entitlement.cycle_id = membership.cycle_id
                )
            LIMIT 1
            """,
            {"cycle": self._origin.id, "moment": prepared_at},
        )
        return bool(self.env.cr.rowcount)

    def _log_attendance(self, user, sentences, run):
        """Say in the chatter what a person did about the attendance, with a link to the run.

        :param run: the one that it is about; or none
        """
        link = run._get_html_link() if run else ""
        self.sudo()._message_log(
            body=Markup("%s %s") % (sentences, link), author_id=user.partner_id.id
        )

    def action_open_verdicts(self, verdict):
        """Open the verdicts of one kind that stand.

        :param str verdict: one of those of the bar; another one: all of them
        """
        self.ensure_one()
        domain = [("cycle_id", "=", self.id)]
        if verdict in LOOKS:
            domain.append(("status", "=", verdict))
        return self.env["spp.attendance.count"].action_open_counted(domain)
