"""The calls that Odoo's web client makes when a person opens a screen.

Those of Odoo 17.0 and 19.0, as their own JavaScript makes them (`model/relational_model`,
`views/*/*_model.js`): the views, then the data. Left out is what does not depend on the screen's
own records: the menus, the translations, the chatter's messages.
"""

from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

from lxml import etree
from web_client_search import Search, evaluate_in, evaluate_literal

from odoo import release

IS_17 = release.version_info[0] == 17
LIST_LIMIT = 80
COUNT_LIMIT = 10000
SUBLIST_LIMIT = 40
# The aggregate function of a field is told under this name.
AGGREGATOR = "group_operator" if IS_17 else "aggregator"
ALWAYS = ("1", "True")
KINDS = {"tree": "list", "kanban": "list"}


class Action(NamedTuple):
    """A window action, its domain and its context evaluated.

    :param views: pairs of a view's id, or ``False`` for the default one, and its type
    """

    model: str
    views: list
    search_view_id: int | bool
    domain: list
    context: dict
    action_id: int | bool = False

    @classmethod
    def read(cls, env, values):
        """Evaluate an action as it is read, or as a button's method returns it."""
        context = evaluate_in(env, values.get("context") or {})
        domain = evaluate_in(env, values.get("domain") or [], context)
        view_id = values.get("view_id") or False
        modes = (values.get("view_mode") or "list,form").split(",")
        views = values.get("views") or [
            (_get_id(view_id) if number == 0 else False, mode) for number, mode in enumerate(modes)
        ]
        return cls(
            values["res_model"],
            [(view, "list" if kind == "tree" else kind) for view, kind in views],
            _get_id(values.get("search_view_id") or False),
            domain,
            context,
            values.get("id") or False,
        )


def _get_id(value):
    return value[0] if isinstance(value, list | tuple) else value


class Screen:
    """One view of an action; to make it asks for the views, as the client does first."""

    def __init__(self, env, action, view):
        self.action, self.view = action, view
        self.model = env[action.model].with_context(**action.context)
        described = self.model.get_views(
            [*action.views, (action.search_view_id, "search")],
            {"action_id": action.action_id, "load_filters": True, "toolbar": True},
        )
        models = described["models"]
        self.fields = {m: models[m] if IS_17 else models[m]["fields"] for m in models}
        self.arch = etree.fromstring(described["views"][view]["arch"])
        self.search = Search(env, action, etree.fromstring(described["views"]["search"]["arch"]))
        self.own_fields = self.fields[action.model]

    def load(self, record_id=None):
        """Ask for the data, and return it: records or groups.

        :param record_id: which record a form shows; else it is a new one
        """
        if self.view == "form":
            return self._load_form(record_id)
        return getattr(self, f"_load_{self.view}")()

    def _load_list(self):
        limit = int(self.arch.get("limit") or LIST_LIMIT)
        grouped_by = self.search.group_by or _split(self.arch.get("default_group_by"))
        specification = get_specification(self.arch, self.fields, self.action.model)
        if grouped_by:
            return self._load_groups(grouped_by, specification, limit)
        return self._search_records(self.search.domain, specification, limit)

    _load_kanban = _load_list

    def _search_records(self, domain, specification, limit):
        return self.model.with_context(bin_size=True).web_search_read(
            domain,
            specification,
            offset=0,
            order=self.arch.get("default_order") or "",
            limit=limit,
            count_limit=int(self.arch.get("count_limit") or COUNT_LIMIT) + 1,
        )["records"]

    def _load_groups(self, grouped_by, specification, limit):
        unfolds = self.arch.tag == "kanban" or self.arch.get("expand") in ("1", "true", "True")
        grouped_by = [self._with_interval(each) for each in grouped_by]
        if IS_17:
            groups = self.model.web_read_group(
                self.search.domain,
                [*specification, grouped_by[0].split(":")[0]],
                grouped_by[:1],
                limit=LIST_LIMIT,
                offset=0,
                orderby="",
                lazy=True,
            )["groups"]
            for group in groups[:10] if unfolds else ():
                self._search_records(group["__domain"], specification, limit)
            return groups
        aggregates = [
            f"{name}:{self.own_fields[name]['aggregator']}"
            for name in specification
            if self._is_summed(name)
        ]
        return self.model.with_context(read_group_expand=True).web_read_group(
            self.search.domain,
            grouped_by,
            [*aggregates, *self._get_currency_aggregates(specification)],
            limit=LIST_LIMIT,
            offset=0,
            order="",
            auto_unfold=unfolds,
            opening_info=[],
            unfold_read_specification=specification,
            unfold_read_default_limit=limit,
            groupby_read_specification={},
        )["groups"]

    def _is_summed(self, name):
        field = self.own_fields[name]
        return field.get("aggregator") and field["type"] in ("integer", "float", "monetary")

    def _get_currency_aggregates(self, names):
        """Return what Odoo 19 asks for beside a sum of money: whether it is of one currency."""
        if IS_17:
            return []
        money = {name: self.own_fields[name].get("currency_field") for name in names}
        aggregates = {}
        for name, currency in money.items():
            if currency and self._is_summed(name):
                aggregates[f"{currency}:array_agg_distinct"] = True
                aggregates[f"{name}:sum_currency"] = True
        return list(aggregates)

    def _load_form(self, record_id):
        specification = get_specification(self.arch, self.fields, self.action.model)
        model = self.model.with_context(bin_size=True)
        if record_id:
            return model.browse(record_id).web_read(specification)
        return [model.onchange({}, [], specification)["value"]]

    def _load_pivot(self):
        context = self.action.context
        measures = context.get("pivot_measures") or self._get_names("measure")
        if not measures or self.arch.get("display_quantity") in ("1", "true", "True"):
            measures = [*measures, "__count"]
        rows = context.get("pivot_row_groupby") or self.search.group_by or self._get_names("row")
        columns = context.get("pivot_column_groupby") or self._get_names("col")
        aggregates = self._get_aggregates(measures)
        sets = [
            [*map(self._with_interval, row), *map(self._with_interval, column)]
            for row, column in product(_get_sections(rows), _get_sections(columns))
        ]
        if IS_17:
            answers = [
                self.model.read_group(self.search.domain, aggregates, each, lazy=False)
                for each in sets
            ]
        else:
            aggregates += [] if "__count" in aggregates else ["__count"]
            answers = self.model.formatted_read_grouping_sets(self.search.domain, sets, aggregates)
        return [group for answer in answers for group in answer]

    def _load_graph(self):
        context = self.action.context
        grouped_by = self.search.group_by or context.get("graph_groupbys") or self._get_names(None)
        grouped_by = [self._with_interval(each) for each in grouped_by]
        measure = context.get("graph_measure") or (self._get_names("measure") or ["__count"])[-1]
        aggregates = ["__count", *self._get_aggregates([measure] if measure != "__count" else [])]
        model = self.model.with_context(fill_temporal=True)
        if IS_17:
            answer = model.web_read_group(self.search.domain, aggregates, grouped_by, lazy=False)
            return answer["groups"]
        return model.formatted_read_group(self.search.domain, grouped_by, aggregates)

    def _get_names(self, kind):
        """Return the fields that the view gives a part: ``measure``, ``row``, ``col`` or none."""
        nodes = [n for n in self.arch.iter("field") if n.get("invisible") not in ALWAYS]
        return [
            node.get("name") + (f":{node.get('interval')}" if node.get("interval") else "")
            for node in nodes
            if node.get("type") == kind or (kind == "measure" and node.get("operator"))
        ]

    def _get_aggregates(self, measures):
        aggregates = []
        for name in measures:
            if name == "__count":
                aggregates.append(name)
                continue
            field = self.own_fields[name]
            is_link = field["type"] == "many2one"
            aggregates.append(f"{name}:{'count_distinct' if is_link else field[AGGREGATOR]}")
            aggregates += self._get_currency_aggregates([name])
        return aggregates

    def _with_interval(self, group_by):
        is_time = self.own_fields[group_by.split(":")[0]]["type"] in ("date", "datetime")
        return f"{group_by}:month" if is_time and ":" not in group_by else group_by

    def _load_calendar(self):
        """The month of today, as the calendar shows it: with the days around that fill weeks."""
        first = date.today().replace(day=1) - timedelta(days=6)
        last = date.today().replace(day=28) + timedelta(days=9)
        start = self.arch.get("date_start")
        domain = [
            *self.search.domain,
            (start, "<=", f"{last} 23:59:59"),
            (self.arch.get("date_stop") or start, ">=", f"{first} 00:00:00"),
        ]
        attributes = ("date_start", "date_stop", "date_delay", "all_day", "color")
        names = {self.arch.get(name) for name in attributes} - {None}
        names |= {node.get("name") for node in self.arch.iter("field")}
        return self.model.search_read(domain, sorted(names & self.own_fields.keys()))


def get_specification(arch, fields, model):
    """Return what the client wants read of each field that a list, kanban or form shows.

    :param arch: the view as `get_views` gives it, without what the user may not see
    :param fields: by model, the description of each field, as `get_views` gives it
    """
    specification, hidden = {}, {}
    for node in _find_own_fields(arch):
        name, field = node.get("name"), fields[model][node.get("name")]
        is_hidden = node.get("invisible") in ALWAYS or node.get("column_invisible") in ALWAYS
        hidden[name] = is_hidden and hidden.get(name, True)
        wanted = specification.setdefault(name, {})
        if field["type"] in ("many2one", "reference"):
            wanted["fields"] = {} if hidden[name] else {"display_name": {}}
        elif field["type"] in ("one2many", "many2many") and not hidden[name]:
            wanted.update(_get_sublist(node, fields, field["relation"]))
        context = evaluate_literal(node.get("context"))
        if context and field["type"] in ("many2one", "one2many", "many2many"):
            wanted["context"] = context
    return specification


def _get_sublist(node, fields, model):
    views = [view for view in node if view.tag in ("list", "tree", "kanban")]
    if not views:
        # Shown as tags, or by a widget of its own.
        return {"fields": {"display_name": {}}} if node.get("widget") else {}
    wanted = {
        "fields": get_specification(views[0], fields, model),
        "limit": int(views[0].get("limit") or SUBLIST_LIMIT),
    }
    if views[0].get("default_order"):
        wanted["order"] = views[0].get("default_order")
    return wanted


def _find_own_fields(node):
    """Give the fields of a view, without those of the views inside of them."""
    for child in node:
        if child.tag == "field":
            yield child
        elif child.tag != "groupby":
            yield from _find_own_fields(child)


def _get_sections(names):
    """Return the beginnings of a list: none, the first, the first two, and so on."""
    return [names[:length] for length in range(len(names) + 1)]


def _split(text):
    return [part.strip() for part in text.split(",")] if text else []
