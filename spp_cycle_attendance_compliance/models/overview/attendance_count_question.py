from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...verdicts import NON_COMPLIANT

# Of a verdict that is looked for by what its count says of it.
OF_LINES = {
    "cycle_id": "run_id.cycle_id",
    "program_id": "run_id.program_id",
    "company_id": "run_id.company_id",
    "status": "standing_status",
    "area_id": "area_id",
    "location_id": "location_id",
}
# What a cycle's totals can tell, too.
OF_TOTALS = {"cycle_id", "program_id", "company_id", "status", "is_latest"}
# How many locations fit on a graph.
MOST_LOCATIONS = 20


class AttendanceCount(models.Model):
    """What the overview asks of the counts, and the verdicts behind a figure."""

    _inherit = "spp.attendance.count"

    is_latest = fields.Boolean(
        "Latest Cycle",
        compute="_compute_is_latest",
        search="_search_is_latest",
        help="Of the program's cycles that were checked, the one that began last.",
    )
    is_shown_location = fields.Boolean(
        "Location with Most Non-Compliant",
        compute="_compute_is_shown_location",
        search="_search_is_shown_location",
        help="One of the 20 that have most of them, in the latest cycle of each program.",
    )

    @api.depends("cycle_id")
    def _compute_is_latest(self):
        latest_ids = self._get_latest_cycle_ids()
        for count in self:
            count.is_latest = count.cycle_id.id in latest_ids

    @api.depends("location_id")
    def _compute_is_shown_location(self):
        shown_ids = self._get_shown_location_ids()
        for count in self:
            count.is_shown_location = count.location_id.id in shown_ids

    @api.model
    def _search_is_latest(self, operator, value):
        in_or_not = self._get_membership_operator(operator, value)
        return [("cycle_id", in_or_not, self._get_latest_cycle_ids())]

    @api.model
    def _search_is_shown_location(self, operator, value):
        in_or_not = self._get_membership_operator(operator, value)
        return [("location_id", in_or_not, self._get_shown_location_ids())]

    @api.model
    def _get_membership_operator(self, operator, value):
        wanted = True in value if operator in ("in", "not in") else bool(value)
        return "in" if wanted == (operator in ("=", "in")) else "not in"

    @api.model
    def _get_latest_cycle_ids(self):
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (cycle.program_id) cycle.id FROM g2p_cycle AS cycle
            WHERE EXISTS (SELECT FROM spp_attendance_count WHERE cycle_id = cycle.id)
            ORDER BY cycle.program_id, cycle.start_date DESC, cycle.id DESC
            """
        )
        return [cycle_id for (cycle_id,) in self.env.cr.fetchall()]

    @api.model
    def _get_shown_location_ids(self):
        places = [("is_latest", "=", True), ("is_total", "=", False), ("location_id", "!=", False)]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT location_id FROM spp_attendance_count WHERE id IN (%s)
                GROUP BY location_id
                ORDER BY coalesce(sum(membership_count) FILTER (WHERE status = %s), 0) DESC,
                    location_id
                LIMIT %s
                """,
                self._search(places).select(),
                NON_COMPLIANT,
                MOST_LOCATIONS,
            )
        )
        return [location_id for (location_id,) in self.env.cr.fetchall()]

    # Which kind answers

    @api.model
    def _read_group(self, domain, groupby=(), *args, **kwargs):
        domain = self._choose_kind(domain, groupby)
        return super()._read_group(domain, groupby, *args, **kwargs)

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, *args, **kwargs):
        # Odoo 19 asks so for a pivot.
        domain = self._choose_kind(domain, [name for names in grouping_sets for name in names])
        return super()._read_grouping_sets(domain, grouping_sets, *args, **kwargs)

    @api.model
    def _choose_kind(self, domain, groupby):
        """Return the domain that counts each membership once: by totals, if they can tell."""
        leaves = [leaf for leaf in domain if not isinstance(leaf, str)]
        # Odoo 19 has objects for leaves, too; and always so is (1, "=", 1).
        paths = [getattr(leaf, "field_expr", None) or leaf[0] for leaf in leaves]
        paths = [*filter(lambda path: isinstance(path, str), paths), *groupby]
        names = {path.split(":")[0].split(".")[0] for path in paths}
        if "is_total" in names:
            return domain
        return [("is_total", "=", names <= OF_TOTALS), *domain]

    # What is behind a count

    @api.model
    def action_open_counted(self, domain):
        """Open the verdicts that some counts are about.

        :param domain: of these counts, as a graph has it
        """
        return self.env["spp.attendance.run.line"]._get_verdict_action(
            _("Verdicts"), self._get_counted_domain(domain)
        )

    @api.model
    def _get_counted_domain(self, domain):
        counted = []
        for leaf in domain:
            if isinstance(leaf, str) or not isinstance(leaf[0], str):  # an operator, or always so
                counted.append(leaf)
                continue
            path, operator, value = leaf
            name, *rest = path.split(".")
            if name == "is_latest":
                name, operator, value = self._search_is_latest(operator, value)[0]
            if name == "is_shown_location":
                name, operator, value = self._search_is_shown_location(operator, value)[0]
            if name == "region_id" and not rest:
                counted += self._get_region_domain(operator, value)
                continue
            if name not in OF_LINES:
                raise UserError(_("Take the filters of your own away to open the verdicts."))
            counted.append((".".join([OF_LINES[name], *rest]), operator, value))
        return [("kind", "!=", "member"), ("standing", "=", "stands"), *counted]

    @api.model
    def _get_region_domain(self, operator, value):
        """Return the domain of the verdicts that are counted for some regions."""
        if operator == "=" and not value:
            return [("area_id", "=", False)]
        areas = self.env["spp.area"].sudo()
        if operator in ("=", "in"):
            regions = areas.search([("id", operator, value)])
        elif operator == "ilike":
            found = areas.name_search(value, limit=None)
            regions = areas.browse(area_id for area_id, _name in found)
        else:
            raise UserError(_("Take the filters of your own away to open the verdicts."))
        counted = self._read_group([("region_id", "!=", False)], ["region_id"])
        # Above another one, a region is who lives just there.
        above = areas.union(*(region.sudo() for (region,) in counted)).parent_id & regions
        below = regions - above
        return ["|", ("area_id", "in", above.ids), ("area_id", "child_of", below.ids)]
