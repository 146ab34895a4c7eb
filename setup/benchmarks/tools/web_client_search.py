"""What the web client makes of an action's domain and context, and of its search view."""

import ast
import time
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tools.safe_eval import safe_eval, wrap_module

MODULES = {
    "datetime": wrap_module(__import__("datetime"), ["date", "datetime", "timedelta", "time"]),
    "time": wrap_module(time, ["strftime", "time"]),
    "relativedelta": relativedelta,
}


def evaluate_in(env, expression, context=None):
    """Evaluate a domain or a context of an action, as the client does for the user of ``env``."""
    if not isinstance(expression, str):
        return expression
    names = {
        **MODULES,
        "uid": env.uid,
        "allowed_company_ids": env.companies.ids,
        "context_today": lambda: Date.context_today(env.user),
        "current_date": str(Date.context_today(env.user)),
        "active_id": env.context.get("active_id", False),
        "active_ids": env.context.get("active_ids", []),
        "active_model": env.context.get("active_model", False),
        **(context or {}),
    }
    return safe_eval(expression.strip(), {**names, "context": dict(names)})


def evaluate_literal(expression):
    """Evaluate what depends on nothing; what depends on the record that is shown is left out."""
    try:
        return ast.literal_eval(expression or "{}")
    except ValueError:
        return {}


class Search:
    """The domain and the grouping that a search view begins with, by ``search_default_*``."""

    def __init__(self, env, action, arch):
        if arch.find(".//searchpanel") is not None:
            raise NotImplementedError(f"The search panel of {action.model} is not asked for.")
        self.env, self.action = env, action
        self.domain, self.group_by = list(action.domain), []
        alternatives, by_rank = [], []
        for node in self._walk(arch):
            if node is None:  # here a new row of filters begins: those of one row are alternatives
                self._add(alternatives)
                alternatives = []
                continue
            value = action.context.get(f"search_default_{node.get('name')}")
            if not value:
                continue
            grouped = evaluate_in(env, node.get("context") or "{}").get("group_by")
            if grouped:
                by_rank.append((value if value is not True else 100, grouped))
            elif node.tag == "field":
                self.domain += self._get_field_domain(node, value)
            else:
                alternatives.append(self._get_filter_domain(node))
        self._add(alternatives)
        self.group_by = [name for _rank, names in sorted(by_rank) for name in _listed(names)]
        self.group_by = self.group_by or _listed(action.context.get("group_by") or [])

    def _walk(self, arch):
        for node in arch:
            if node.tag in ("field", "filter"):
                yield node
            elif node.tag in ("separator", "group"):
                yield None
                yield from self._walk(node)

    def _add(self, alternatives):
        alternatives = [domain for domain in alternatives if domain]
        if alternatives:
            explicit = [["&"] * (_count_terms(domain) - 1) + domain for domain in alternatives]
            self.domain += ["|"] * (len(explicit) - 1) + [
                term for each in explicit for term in each
            ]

    def _get_filter_domain(self, node):
        if node.get("date"):
            return self._get_period(node)
        return list(evaluate_in(self.env, node.get("domain") or "[]", self.action.context))

    def _get_period(self, node):
        """Return the domain of a filter on dates: of this month, or this year."""
        wanted = (node.get("default_period") or "month").replace("this_", "")
        if wanted not in ("month", "year"):
            raise NotImplementedError(f"A filter's period {wanted} is not known here.")
        first = date.today().replace(day=1)
        first = first.replace(month=1) if wanted == "year" else first
        last = first + relativedelta(**{f"{wanted}s": 1}) - timedelta(days=1)
        end = datetime.combine(last, datetime.max.time()).replace(microsecond=0)
        return ["&", (node.get("date"), ">=", str(first)), (node.get("date"), "<=", str(end))]

    def _get_field_domain(self, node, value):
        name = node.get("name")
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if node.get("filter_domain"):
            return list(evaluate_in(self.env, node.get("filter_domain"), {"self": value}))
        field = self.env[self.action.model]._fields[name]
        is_text = field.type in ("char", "text", "html")
        operator = node.get("operator") or ("ilike" if is_text else "=")
        return [(name, "in" if isinstance(value, list) and operator == "=" else operator, value)]


def _listed(names):
    return [names] if isinstance(names, str) else list(names)


def _count_terms(domain):
    """Return how many terms stand side by side in a domain, to be joined by "and"."""
    operators = sum(term in ("&", "|") for term in domain if isinstance(term, str))
    leaves = sum(not isinstance(term, str) for term in domain)
    return leaves - operators
