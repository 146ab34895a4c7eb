import re

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ...verdicts import (
    COMPLIANT,
    DAYS,
    DECIDED_STATES,
    ENROLLED_STATE,
    EXEMPT,
    NO_DATA,
    NON_COMPLIANT,
    NON_COMPLIANT_STATE,
    OVERRIDDEN,
    PERCENTAGE,
    UNDECIDED,
    WARNED,
)
from ..criteria.cycle import MAY_RUN_GROUPS
from ..intakes.attendance_answer import UNKNOWN
from ..runs.verdict_bar import LOOKS

MAY_PRINT_GROUPS = (*MAY_RUN_GROUPS, "g2p_programs.g2p_program_validator")
# More pages at once take the printer's program, and whoever waits for it, too long.
MOST_LETTERS = 500


class AttendanceRunLine(models.Model):
    """The letter that tells a family its verdict, in its own language."""

    _inherit = "spp.attendance.run.line"

    def _get_shown_status(self, of_run=False):
        """Return the status, its sign and its word; of a member, that of her household, if it is
        not her attendance that decided.

        :param bool of_run: as the run decided; else as it stands now, overrides since included
        """
        self.ensure_one()
        if self._is_told_of_household(of_run):
            return self.household_line_id._get_shown_status(of_run)
        status = self.shown_status
        if self.kind != "member" and not of_run:
            status = self.sudo().cycle_membership_id.attendance_shown_status or status
        return self._name_status(status)

    @api.model
    def _name_status(self, status):
        """Return a status, its sign and its word."""
        labels = dict(self._fields["shown_status"]._description_selection(self.env))
        _colour, sign = LOOKS.get(status, ("", ""))
        return status, sign, labels.get(status, "")

    def _get_shown_reason(self, of_run=False):
        """Return why the status is what `_get_shown_status` tells."""
        self.ensure_one()
        if self._is_told_of_household(of_run):
            return self.household_line_id._get_shown_reason(of_run)
        if self.kind != "member" and not of_run:
            return self._get_standing_reason()
        return self.reason

    def _is_told_of_household(self, of_run):
        """Return whether an override, or the program's own criteria, decided about the household:
        how its members attended is not why."""
        household = self.household_line_id
        if not household:
            return False
        is_overridden = household._get_shown_status(of_run)[0] == OVERRIDDEN
        return is_overridden or not household.passes_criteria

    def _get_shown_identifiers(self):
        """Return by which ID the attendance system knows a person, or those of a household who
        count."""
        lines = self.member_line_ids.filtered("counts") if self.kind == "household" else self
        return ", ".join(filter(None, lines.mapped("identifier")))

    # The letter

    @api.model
    def _may_print_letters(self):
        return self.env.su or any(map(self.env.user.has_group, MAY_PRINT_GROUPS))

    @api.model
    def _check_may_print_letters(self):
        """Keep those who only read from having letters marked as printed, which families then do
        not get."""
        if not self._may_print_letters():
            raise AccessError(_("Only program managers and validators may print letters."))

    @api.model
    def _get_letter_lines(self, ids):
        """Return the verdicts of some ids about which letters are printed, in that order.

        Attendance does not decide about who is paused, exited or not eligible: they are left out.

        :raise AccessError: if the user only reads verdicts
        :raise UserError: if there is none, there are too many, or one of them does not stand
        """
        self._check_may_print_letters()
        place = {line_id: number for number, line_id in enumerate(ids)}
        lines = self._search_letters([("id", "in", list(ids))])
        if any(line.standing != "stands" for line in lines):
            raise UserError(
                _(
                    "Letters tell families the verdicts that stand. One of these was not applied, "
                    "or was replaced or taken back."
                )
            )
        lines = lines.filtered(lambda line: line.sudo().cycle_membership_id.state in DECIDED_STATES)
        if not lines:
            raise UserError(
                _(
                    "Who is paused, exited or not eligible gets no letter: attendance does not "
                    "decide about them."
                )
            )
        return lines.sorted(lambda line: place[line.id])

    @api.model
    def _search_letters(self, domain):
        """Return the verdicts of a domain, if letters about all of them can be printed at once.

        :raise UserError: if there is none, or there are too many
        """
        lines = self.search([*domain, ("kind", "!=", "member")], limit=MOST_LETTERS + 1)
        if not lines:
            raise UserError(_("There is no letter to print."))
        if len(lines) > MOST_LETTERS:
            raise UserError(
                _(
                    "These are too many letters: %(most)s at most are printed at once. Choose "
                    "fewer: an area, say, or only those not printed yet.",
                    most=MOST_LETTERS,
                )
            )
        return lines

    def action_print_letter(self):
        """Print the letter about this verdict."""
        lines = self._get_letter_lines(self.ids)
        report = self.env.ref("spp_cycle_attendance_compliance.action_report_attendance_letter")
        return report.report_action(lines, config=False)

    def _note_letters(self):
        """Keep when these letters were printed, and by whom: the last time; the cycle's chatter
        tells every time."""
        self.sudo()._as_attendance_writer().write(
            {"letter_printed_at": fields.Datetime.now(), "letter_printed_by_id": self.env.uid}
        )
        for cycle, lines in self.grouped("cycle_id").items():
            cycle.sudo()._message_log(body=lines._describe_printing())

    def _describe_printing(self):
        # Nobody is named: more people read a cycle's chatter than may read verdicts.
        if len(self) == 1:
            return _("1 letter about attendance was printed.")
        return _("%(count)s letters about attendance were printed.", count=len(self))

    def _in_letter_language(self):
        """Return the verdict in the language of its family, or in the user's, if that is none of
        those that are installed."""
        self.ensure_one()
        lang = self.sudo().partner_id.lang
        installed = dict(self.env["res.lang"].get_installed())
        return self.with_context(lang=lang if lang in installed else self.env.lang)

    def _get_letter_direction(self):
        """Return in which direction the letter is read: ``ltr`` or ``rtl``."""
        lang = self.env["res.lang"].sudo().search([("code", "=", self.env.lang)])
        return lang.direction or "ltr"

    def _get_letter_address(self):
        """Return the lines of the family's address."""
        partner = self.sudo().partner_id
        address = partner.address or partner._display_address(without_company=True)
        lines = [line.strip() for line in (address or "").splitlines()]
        area = partner.area_id.name if "area_id" in partner._fields else ""
        area = (area or "").strip()
        if not any(re.search(rf"\b{re.escape(area)}\b", line, re.IGNORECASE) for line in lines):
            lines.append(area)
        return [line for line in lines if line]

    def _get_letter_status(self):
        """Return the status that stands, its sign and its word.

        A person may have changed the state of the membership since: what she decided is told.
        """
        shown = self._get_shown_status()
        membership = self.sudo().cycle_membership_id
        refuses = membership.state == NON_COMPLIANT_STATE
        if refuses and shown[0] in (COMPLIANT, EXEMPT, WARNED):
            return self._name_status(NON_COMPLIANT)
        # Of these, attendance decides by its rule for no data, or an earlier run did.
        is_given = membership.attendance_state == NON_COMPLIANT_STATE
        if refuses and shown[0] in (NO_DATA, UNDECIDED) and not is_given:
            return self._name_status(NON_COMPLIANT)
        if self._is_enrolled_by_hand():
            return self._name_status(OVERRIDDEN)
        return shown

    def _is_enrolled_by_hand(self):
        membership = self.sudo().cycle_membership_id
        return (
            membership.state == ENROLLED_STATE
            and membership.attendance_state == NON_COMPLIANT_STATE
            and not membership.attendance_override_id
        )

    def _is_decided_by_hand(self):
        """Return whether a person decided, and not how the family attended."""
        status, letter_status = self._get_shown_status()[0], self._get_letter_status()[0]
        return letter_status == OVERRIDDEN or letter_status != status != WARNED

    def _get_letter_sentences(self):
        """Return in plain words what was decided, and what follows."""
        self.ensure_one()
        status = self._get_letter_status()[0]
        is_household = self.kind == "household"
        state = self.sudo().cycle_membership_id.state
        if self._is_decided_by_hand():
            override = self.sudo().cycle_membership_id.attendance_override_id
            is_overridden = state != NON_COMPLIANT_STATE and override.verdict == COMPLIANT
            sentences = [self._describe_letter_decision(is_overridden or state == ENROLLED_STATE)]
        else:
            sentences = [self._describe_letter_status(status, is_household)]
        stays = status == WARNED and state == ENROLLED_STATE
        if state == NON_COMPLIANT_STATE and is_household:
            sentences.append(_("For this cycle your family gets no support."))
        elif state == NON_COMPLIANT_STATE:
            sentences.append(_("For this cycle you get no support."))
        elif stays and is_household:
            sentences.append(_("This is a warning: your family stays in the program this time."))
        elif stays:
            sentences.append(_("This is a warning: you stay in the program this time."))
        return sentences

    @api.model
    def _describe_letter_decision(self, is_for):
        if is_for:
            return _("The program looked at your case and decided for you.")
        return _("The program looked at your case and decided against you.")

    def _describe_letter_status(self, status, is_household):
        met = (
            _("Your family did what the program asks for.")
            if is_household
            else _("You did what the program asks for.")
        )
        failed = (
            _("Your family did not do all that the program asks for.")
            if is_household
            else _("You did not do all that the program asks for.")
        )
        if status == EXEMPT:
            return _("Nothing was asked of you in this cycle.")
        if status == UNDECIDED:
            return _("It could not be decided yet whether you did what the program asks for.")
        if status == COMPLIANT:
            return met
        if status in (NON_COMPLIANT, WARNED) and not self._is_refused_without_data():
            return failed
        if not is_household:
            return _("Nothing that counts is recorded of you.")
        unknown = self._get_counting_members().filtered(lambda line: line.verdict == NO_DATA)
        names = ", ".join((unknown or self).sudo().mapped("partner_id.name"))
        return _("Nothing that counts is recorded of %(names)s.", names=names)

    def _is_refused_without_data(self):
        """Return whether nobody knows how the family attended, whatever follows from that."""
        return self.passes_criteria and self.verdict == NO_DATA

    def _get_counting_members(self):
        return self.member_line_ids.filtered("counts")

    def _get_letter_reason(self):
        """Return why, in sentences for the family; not who overrode it and with which words."""
        if self._is_decided_by_hand():
            return ""
        if not self.passes_criteria:
            return self._get_shown_reason()
        is_household = self.kind == "household"
        sentences = [
            self._describe_letter_household() if is_household else self._describe_letter_person(),
            self._describe_failures(),
            self.note,
        ]
        # Whom a warning does not save is not told that it was one.
        is_one_of_several = self.warning and self.run_id.attendance_warnings > 1
        if is_one_of_several and self._get_letter_status()[0] == WARNED:
            warning = self._describe_warning()
            sentences.append(warning[0].upper() + warning[1:])
        return ". ".join(sentence.rstrip(".") for sentence in sentences if sentence)

    def _describe_letter_household(self):
        """Say how many members were enough, or not; of one the table below says it all."""
        if self.members_counting == 1 or self.verdict == EXEMPT:
            return ""
        if not self.members_counting:
            return _("No member counts")
        return _(
            "Of your family, %(meeting)s of %(counting)s did what is asked for (%(needed)s)",
            meeting=self.members_meeting,
            counting=self.members_counting,
            needed=self.run_id._describe_needed_members(),
        )

    def _get_letter_members(self):
        """Return the name of each member who counts, and how she attended."""
        if self.kind != "household" or self._is_decided_by_hand():
            return []
        return [
            (member.sudo().partner_id.name, member._describe_letter_person())
            for member in self._get_counting_members()
        ]

    def _describe_letter_person(self):
        """Return how a person attended, as one says it to her family."""
        cells = self._get_telling_cells()
        if not cells:
            return self._describe_nothing_asked()
        if self._is_finding_told():
            finding = dict(self._fields["finding"]._description_selection(self.env))[self.finding]
            # Of who was asked about only it is known that nothing is there.
            if self.verdict != NO_DATA or self.finding != UNKNOWN:
                return finding
            return f"{_('Nothing is recorded')}. {finding}"
        sentences = [*map(self._describe_letter_cell, cells)]
        if self.undated and cells[0].month:  # they may be of any month
            sentences.append(_("Records that are not clear: %(count)s", count=self.undated))
        return ". ".join(sentences)

    def _describe_letter_cell(self, cell):
        conditions = self.run_id._get_conditions()
        condition = conditions[cell.number - 1]
        if cell.verdict == EXEMPT or cell.why == "silent" or not condition.amount:
            return self._describe_cell(cell)
        name = condition.name
        if not name and len(conditions) > 1:
            name = ", ".join(filter(None, (condition.type_name, condition.location_name)))
        which = ", ".join(filter(None, (name, cell.month and self._describe_span(cell))))
        maybe = self._count_unclear(cell) - (self.undated if cell.month else 0)
        free = self._describe_free_days(cell)
        sentences = [
            self._describe_letter_count(cell, condition),
            cell.excused and self._describe_letter_excuses(cell, condition),
            maybe and _("Records that are not clear: %(count)s", count=maybe),
            free and _("Free days: %(why)s", why=free),
        ]
        told = ". ".join(filter(None, sentences))
        return f"{which}: {told}" if which else told

    def _describe_letter_excuses(self, cell, condition):
        if condition.kind == PERCENTAGE:
            return _("%(count)s excused", count=cell.excused)
        return _("%(count)s excused, which count as attended", count=cell.excused)

    def _describe_letter_count(self, cell, condition):
        by_percentage, by_days = condition.kind == PERCENTAGE, condition.unit == DAYS
        recorded = cell.present + cell.absent + cell.unclear
        needed = cell.required
        if by_percentage:
            recorded += 0 if cell.month else self.undated
            needed = max(1, -(-cell.required * recorded // 100))
        else:
            recorded += cell.excused
        if cell.verdict == NO_DATA and not recorded:
            return _("Nothing is recorded")
        values = {
            "attended": cell.present,
            "recorded": self._describe_times(recorded, condition.unit),
            "needed": self._describe_times(needed, condition.unit),
        }
        # Of a number only the presences may be recorded: "2 of 2 days" would tell nothing.
        if by_percentage or cell.absent or cell.unclear:
            if by_days:
                return _(
                    "Came on %(attended)s of %(recorded)s; the program asks for %(needed)s",
                    **values,
                )
            return _(
                "Came to %(attended)s of %(recorded)s; the program asks for %(needed)s", **values
            )
        values["attended"] = self._describe_times(cell.present, condition.unit)
        if by_days:
            return _("Came on %(attended)s; the program asks for %(needed)s", **values)
        return _("Came to %(attended)s; the program asks for %(needed)s", **values)

    def _get_letter_text(self):
        """Return what the program tells families, or nothing."""
        return (self.sudo().program_id.attendance_letter_text or "").strip()

    def _get_letter_name(self):
        """Return a name for the file that people understand."""
        names = {"name": self.sudo().partner_id.name or "", "cycle": self.sudo().cycle_id.name}
        return _("Letter, %(name)s, %(cycle)s", **names)


class G2PCycleMembership(models.Model):
    _inherit = "g2p.cycle.membership"

    def action_print_attendance_letter(self):
        """Print the letter about the verdict that stands.

        :raise UserError: if none does
        """
        self.ensure_one()
        lines = self.env["spp.attendance.run.line"]
        line = lines._get_standing(self).get(self.id, lines)
        return line.with_env(self.env).action_print_letter()
