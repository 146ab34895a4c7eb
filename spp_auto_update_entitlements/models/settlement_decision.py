from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..redemption import Redemption, decide
from .settlement_case import Case


class SettlementMixin(models.AbstractModel):
    """What a settlement decides about entitlements, a batch at a time."""

    _inherit = "spp.settlement.mixin"

    def _settle(self, settlement):
        """Decide the state of these entitlements, write it, and remember which settlement did.

        :param settlement: the `spp.cycle.settlement` that asks
        :return: pairs of `Case` and a list of entitlement ids
        """
        cases, stale = self._decide()
        self._correct_figures(stale)
        ids_by_columns = defaultdict(list)
        for case, ids in cases:
            state, outcome, _is_listed = case.decision
            given = None if state == case.state_given else case.state_given
            ids_by_columns[state, case.is_changed, outcome, given] += ids
        for (state, is_changed, outcome, given), ids in ids_by_columns.items():
            columns = {
                "is_settled": True,
                "settlement_id": settlement.id,
                "settlement_outcome": outcome,
                "state_before_settlement": given,
                "settled_state": state,
            }
            self.browse(ids)._write_settlement(state, is_changed, columns)
        return cases

    def _decide(self):
        """Decide the state of these entitlements, which are of one cycle. Writes nothing.

        :return: pairs of `Case` and a list of entitlement ids; and a dict from the id of each
            entitlement whose stored figures are not right to its `redemption.Redemption`
        """
        # The little that a batch takes beyond the server's default would go to the disk.
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")
        figures = self._get_figures(Redemption())
        state_columns = ("state", "state_before_settlement", "settled_state", "settlement_id")
        groups = self._add_up_alike(
            [
                *(SQL.identifier("entitlement", name) for name in state_columns),
                *(self._get_figure_column(name) for name in figures),
            ],
            time_zone=self[:1].cycle_id._get_company()._get_settlement_time_zone(),
        )
        # Of a payment there is no receipt, and its day is not the beneficiary's.
        is_bought = self._is_by_transactions(self[:1].cycle_id)
        may_have_twins = [alike for alike in groups if is_bought and alike.facts.may_have_twins]
        twins = self._get_ids_with_twins([id_ for alike in may_have_twins for id_ in alike.ids])
        cases, stale = [], {}
        for ids, look, facts, redemption in groups:
            state, given, settled_state, settlement_id = look[: len(state_columns)]
            if not given or state != settled_state:
                given = state
            decision = decide(given, redemption)
            for is_twin, alike in self._split(ids, twins):
                is_outside = is_bought and facts.is_outside
                case = Case(state, given, settlement_id, redemption, is_twin, is_outside, decision)
                cases.append((case, alike))
            if look[len(state_columns) :] != tuple(self._get_figures(redemption).values()):
                stale.update(dict.fromkeys(ids, redemption))
        return cases, stale

    @api.model
    def _get_figure_column(self, name):
        column = SQL.identifier("entitlement", name)
        is_number = self._fields[name].type in ("float", "monetary")
        return SQL("%s::float8", column) if is_number else column

    @api.model
    def _split(self, ids, twins):
        """Yield whether entitlements have probable twins, and which of ``ids`` do and don't."""
        with_twins = [id_ for id_ in ids if id_ in twins] if twins else []
        if with_twins:
            yield True, with_twins
        if len(with_twins) < len(ids):
            yield False, [id_ for id_ in ids if id_ not in twins] if with_twins else ids

    @api.model
    def _get_ids_with_twins(self, candidates):
        """Return the ids of those with two transactions that are probably one.

        They say the same about the same, at one service point, and have one receipt or minute.

        :param candidates: ids of those that may have some; few of them do
        """
        if not candidates:
            return set()
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        keys = SQL(", ").join(map(SQL, transactions._get_twin_columns()))
        self.env.cr.execute(
            SQL(
                """
                SELECT entitlement_id FROM (
                    SELECT *, DATE_TRUNC('minute', timestamp_transaction_created) AS minute
                    FROM %s
                ) AS moved
                WHERE %s AND (%s)
                GROUP BY GROUPING SETS (
                    (entitlement_id, %s, minute), (entitlement_id, %s, receipt_number)
                )
                HAVING COUNT(*) > 1 AND COALESCE(minute::text, receipt_number, '') <> ''
                """,
                SQL.identifier(transactions._table),
                self.browse(candidates)._is_one_of_these("entitlement_id"),
                SQL(transactions._moved_condition),
                keys,
                keys,
            )
        )
        return {row[0] for row in self.env.cr.fetchall()}

    @api.model
    def _correct_figures(self, redemptions):
        """Write figures that are not the stored ones: transactions were written past the ORM.

        :param redemptions: a dict from entitlement id to its `redemption.Redemption`
        """
        if not redemptions:
            return
        names = list(self._get_figures(Redemption()))
        rows = [
            (entitlement_id, *self._get_figures(redemption).values())
            for entitlement_id, redemption in redemptions.items()
        ]
        self.flush_model(names)
        columns = SQL(", ").join(map(SQL.identifier, names))
        self.env.cr.execute(
            SQL(
                "UPDATE %s AS entitlement SET %s FROM UNNEST(%s) AS found (id, %s)"
                " WHERE found.id = entitlement.id",
                SQL.identifier(self._table),
                SQL(", ").join(SQL("%s = found.%s", *[SQL.identifier(name)] * 2) for name in names),
                SQL(", ").join(
                    SQL("%s::%s[]", list(values), SQL(kind))
                    for kind, values in zip(
                        ["integer", *(self._fields[name].column_type[1] for name in names)],
                        zip(*rows, strict=True),
                        strict=True,
                    )
                ),
                columns,
            )
        )
        entitlements = self.browse(redemptions)
        entitlements.invalidate_recordset(names, flush=False)
        entitlements.modified(names)
