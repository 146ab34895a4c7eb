from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import create_index

from ...verdicts import NO_DATA, UNDECIDED, get_shown_status
from ..runs.attendance_run_line import SHOWN_STATUSES

# What a membership counts as.
COUNTED_STATUS = SQL(
    "CASE WHEN counted.is_undecided AND membership.attendance_status = %s THEN %s"
    " ELSE membership.attendance_status END",
    NO_DATA,
    UNDECIDED,
)


class AttendanceCount(models.Model):
    """How many memberships of a cycle have which verdict, where: what the overview shows.

    Counted when what stands changes, since there are millions of verdicts. Those of a cycle are
    counted anew when a run is applied or taken back; an override moves one from one count to
    another. Whoever does so holds the lock of the cycle. What is deleted is taken out of them.

    A country has some ten thousand counts by place in each cycle, and most questions are not about
    places: a few totals of the cycle answer those, and each question is answered by one kind.
    """

    _name = "spp.attendance.count"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Count of Attendance Verdicts that Stand"
    _order = "cycle_id, id"
    _log_access = False

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="cascade", index=True)
    program_id = fields.Many2one("g2p.program", ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company")
    area_id = fields.Many2one("spp.area", ondelete="set null", help="Where they live.")
    region_id = fields.Many2one(
        "spp.area",
        ondelete="set null",
        help="The topmost area in which they live; the one below, if all lie in the same.",
    )
    location_id = fields.Many2one(
        "spp.res.config.attendance.location",
        ondelete="set null",
        help="Where they attended last; of a household, where most of its members did.",
    )
    status = fields.Selection(SHOWN_STATUSES, "Verdict", required=True)
    membership_count = fields.Integer("Memberships")
    is_total = fields.Boolean("Total", help="Of the whole cycle, whatever the place.")

    def init(self):
        result = super().init()
        create_index(
            self.env.cr,
            "spp_attendance_count_total_index",
            self._table,
            ["is_total", "cycle_id"],
        )
        return result

    @api.depends("cycle_id", "status")
    def _compute_display_name(self):
        labels = dict(self._fields["status"]._description_selection(self.env))
        for count in self:
            count.display_name = f"{count.cycle_id.name}: {labels[count.status]}"

    # Counting

    @api.model
    def _count_standing(self, cycle):
        """Count the verdicts of a cycle that stand, in place of what was counted before."""
        self._find_counted(cycle)
        self.env.cr.execute("DELETE FROM spp_attendance_count WHERE cycle_id = %s", [cycle.id])
        # Which memberships have a status PostgreSQL does not know yet, when a run has just given
        # it to all: of a plain IS NOT NULL it would expect next to none, and join them one by one.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_attendance_count (
                    cycle_id, program_id, company_id, area_id, region_id, location_id, status,
                    membership_count
                )
                SELECT membership.cycle_id, %(program)s, %(company)s, area.id, region.id,
                    location.id, %(status)s, count(*)
                FROM spp_attendance_counted AS counted
                JOIN g2p_cycle_membership AS membership ON membership.id = counted.id
                LEFT JOIN spp_area AS area ON area.id = counted.area_id
                LEFT JOIN spp_area AS region ON region.id = coalesce(
                    nullif(split_part(area.parent_path, '/', %(level)s), '')::integer, area.id
                )
                LEFT JOIN spp_res_config_attendance_location AS location
                    ON location.id = counted.location_id
                WHERE membership.cycle_id = %(cycle)s
                    AND coalesce(membership.attendance_status, '') != ''
                GROUP BY 1, 4, 5, 6, 7
                """,
                cycle=cycle.id,
                status=COUNTED_STATUS,
                program=cycle.program_id.id or None,
                company=cycle._get_attendance_company().id or None,
                level=self._get_region_level(),
            )
        )
        self.env.cr.execute(
            """
            INSERT INTO spp_attendance_count (
                cycle_id, program_id, company_id, status, membership_count, is_total
            )
            SELECT cycle_id, program_id, company_id, status, sum(membership_count), TRUE
            FROM spp_attendance_count WHERE cycle_id = %s GROUP BY 1, 2, 3, 4
            """,
            [cycle.id],
        )
        self.invalidate_model()

    @api.model
    def _get_region_level(self):
        """Return at which level of the tree of areas, from 1, the regions are."""
        topmost = self.env["spp.area"].sudo().search_count([("parent_id", "=", False)])
        return 2 if topmost == 1 else 1

    @api.model
    def _find_counted(self, cycle):
        """Make a table of the lines that stand, which lives as long as its transaction."""
        cr = self.env.cr
        self.env.flush_all()
        cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_counted")
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE spp_attendance_counted ON COMMIT DROP AS %s",
                self._select_counted(SQL("run.cycle_id = %s", cycle.id)),
            )
        )
        cr.execute("ANALYZE spp_attendance_counted")

    @api.model
    def _select_counted(self, which):
        """Return the query of the lines that stand: membership, place, and whether undecided.

        :param which: an SQL condition of ``line`` or its ``run``
        """
        return SQL(
            """
            SELECT DISTINCT ON (line.cycle_membership_id) line.cycle_membership_id AS id,
                line.area_id, line.location_id, line.verdict = %s AS is_undecided
            FROM spp_attendance_run AS run
            JOIN spp_attendance_run_line AS line ON line.run_id = run.id
            WHERE %s AND run.state = 'done' AND line.kind != 'member'
                AND line.left_alone IS NULL AND line.cycle_membership_id IS NOT NULL
            ORDER BY line.cycle_membership_id, run.applied_number DESC
            """,
            UNDECIDED,
            which,
        )

    @api.model
    def _move(self, membership, before):
        """Count one membership, whose verdict has a line that stands, for the status that it has.

        :param before: the status that it had
        :return: whether this could be done; else its cycle is to be counted anew
        """
        line = self.env["spp.attendance.run.line"]._get_standing(membership).get(membership.id)
        if not line:
            return True
        before, after = (
            status and get_shown_status(status, line.verdict)
            for status in (before, membership.attendance_status)
        )
        if before == after:
            return True
        counts = self.sudo()._as_attendance_writer()
        place = [
            ("is_total", "=", False),
            ("area_id", "=", line.area_id.exists().id),
            ("location_id", "=", line.location_id.exists().id),
        ]
        found = [
            counts.search([("cycle_id", "=", membership.cycle_id.id), *kind])
            for kind in (place, [("is_total", "=", True)])
        ]
        if any(before not in of_kind.mapped("status") for of_kind in found):
            return False
        for of_kind in found:
            of_kind._move_one(before, after)
        return True

    def _move_one(self, before, after):
        """Count one less of a status, and one more of another, among these counts of one place."""
        found = {count.status: count for count in self}
        if after in found:
            found[after].membership_count += 1
        elif after:
            found[before].copy({"status": after, "membership_count": 1})
        if found[before].membership_count > 1:
            found[before].membership_count -= 1
        else:
            found[before].unlink()

    @api.model
    def _take_out(self, memberships):
        """Count memberships no more, which are about to be deleted: all in one statement.

        Several counts can be of one place, where the areas that told them apart are gone: each
        gives what it has, until all are taken out.
        """
        if not memberships:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH counted AS (%(counted)s), gone AS (
                    SELECT membership.cycle_id, kind.is_total,
                        CASE WHEN NOT kind.is_total THEN area.id END AS area_id,
                        CASE WHEN NOT kind.is_total THEN location.id END AS location_id,
                        %(status)s AS status, count(*) AS number
                    FROM counted
                    CROSS JOIN (VALUES (FALSE), (TRUE)) AS kind (is_total)
                    JOIN g2p_cycle_membership AS membership ON membership.id = counted.id
                    LEFT JOIN spp_area AS area ON area.id = counted.area_id
                    LEFT JOIN spp_res_config_attendance_location AS location
                        ON location.id = counted.location_id
                    GROUP BY 1, 2, 3, 4, 5
                ), share AS (
                    SELECT kept.id, kept.membership_count AS had,
                        least(kept.membership_count, gone.number + kept.membership_count
                            - sum(kept.membership_count) OVER (
                                PARTITION BY kept.cycle_id, gone.is_total, kept.area_id,
                                    kept.location_id, kept.status
                                ORDER BY kept.id
                            )) AS taken
                    FROM gone
                    JOIN spp_attendance_count AS kept ON kept.cycle_id = gone.cycle_id
                        AND kept.is_total IS TRUE = gone.is_total
                        AND kept.area_id IS NOT DISTINCT FROM gone.area_id
                        AND kept.location_id IS NOT DISTINCT FROM gone.location_id
                        AND kept.status = gone.status
                ), emptied AS (
                    DELETE FROM spp_attendance_count AS kept USING share
                    WHERE kept.id = share.id AND share.taken = share.had
                )
                UPDATE spp_attendance_count AS kept
                SET membership_count = share.had - share.taken
                FROM share
                WHERE kept.id = share.id AND share.taken > 0 AND share.taken < share.had
                """,
                counted=self._select_counted(
                    SQL("line.cycle_membership_id = ANY(%s)", memberships.ids)
                ),
                status=COUNTED_STATUS,
            )
        )
        self.invalidate_model()
