from markupsafe import Markup

from odoo import _, api, models
from odoo.tools.misc import formatLang

from ...verdicts import (
    COMPLIANT,
    EXEMPT,
    NO_DATA,
    NON_COMPLIANT,
    OVERRIDDEN,
    UNDECIDED,
    WARNED,
)

# The look of a verdict, and its sign, since colour alone tells nothing.
LOOKS = {
    COMPLIANT: ("text-bg-success", "✓"),
    WARNED: ("text-bg-warning", "!"),
    NON_COMPLIANT: ("text-bg-danger", "✕"),
    NO_DATA: ("text-bg-secondary", "?"),
    UNDECIDED: ("text-bg-warning progress-bar-striped", "…"),
    EXEMPT: ("text-bg-light border", "–"),
    OVERRIDDEN: ("text-bg-info", "O"),
}
BAR = Markup('<div class="progress" style="height: 1.5rem" role="img" aria-label="%s">%s</div>')
PIECE = Markup(
    '<div class="progress-bar %s" style="width: %.2f%%; min-width: 1.25rem" title="%s"'
    ' aria-hidden="true">%s</div>'
)
WORDS = Markup('<div class="d-flex flex-wrap gap-2 mt-1">%s</div>')
# The field's widget opens the list of a verdict.
BUTTON = Markup(
    '<button type="button" class="btn btn-link p-0 me-2" data-verdict="%s" title="%s">'
    '<span class="badge %s me-1" aria-hidden="true">%s</span>%s</button>'
)


class AttendanceVerdictBar(models.AbstractModel):
    """How many got which verdict, as a bar and in words: alike wherever it is shown."""

    _name = "spp.attendance.verdict.bar"
    _description = "Bar of Attendance Verdicts"

    @api.model
    def _render(self, counts):
        """Return the bar, and under it the same in words.

        :param dict counts: how many got each verdict of `LOOKS`; those of which there are none may
            be left out
        :rtype: Markup
        """
        described = self._describe(counts)
        total = sum(counts.get(verdict, 0) for verdict in described)
        pieces = Markup().join(
            PIECE % (LOOKS[verdict][0], counts[verdict] * 100 / total, words, LOOKS[verdict][1])
            for verdict, words in described.items()
        )
        open_list = _("Open the list")
        buttons = Markup().join(
            BUTTON % (verdict, open_list, *LOOKS[verdict], words)
            for verdict, words in described.items()
        )
        return BAR % (", ".join(described.values()), pieces) + WORDS % buttons

    @api.model
    def _describe(self, counts):
        """Return in words how many got each verdict that somebody got: a dictionary."""
        words = {
            COMPLIANT: _("%(count)s compliant"),
            WARNED: _("%(count)s warned"),
            NON_COMPLIANT: _("%(count)s non-compliant"),
            NO_DATA: _("%(count)s no data"),
            UNDECIDED: _("%(count)s not decided"),
            EXEMPT: _("%(count)s exempt"),
            OVERRIDDEN: _("%(count)s overridden"),
        }
        return {
            verdict: text % {"count": formatLang(self.env, counts[verdict], digits=0)}
            for verdict, text in words.items()
            if counts.get(verdict)
        }
