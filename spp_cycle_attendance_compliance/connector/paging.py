"""All pages of the answer about one batch of persons, or an error: never a part of them.

Rule: the server pages over persons, in no order, and rows can come and go while one pages. So an
answer is complete when as many different persons have come as the server said there are. If fewer
came, all is asked once more; if they are too few again, there is no answer. A server that does not
say is asked on until all have come, or a page brings nobody new, unless it says that more follow.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from .checking import read_count
from .errors import BadAnswerError
from .failures import ASK_THEM
from .reading import get_row_key

ROUNDS = 2
# A page may bring nobody new, as rows move while one pages; two in a row don't end otherwise.
IDLE_PAGES = 2


# Where servers of many kinds say that another page follows.
NEXT_KEYS = ("next", "next_page", "next_url", "has_next", "has_more")


class Page(NamedTuple):
    """One page: its rows, how many there are in all, ``None`` if it doesn't say, and whether it
    says that more follow."""

    rows: list
    total: int | None
    pages: int | None
    has_next: bool

    @property
    def is_counted(self) -> bool:
        return self.total is not None or self.pages is not None


def collect(ask: Callable[[int], dict], asked: Collection[str], call: str) -> list:
    """Return the rows of all pages, as they came: some may repeat, some be about other persons.

    :param ask: asks for a page by its number, from 1
    :param asked: the IDs of the persons asked about, which is the size of a page too
    :param call: what is done, for the errors
    :raises BadAnswerError: if the pages never end, or are incomplete twice
    """
    for _round in range(ROUNDS):
        rows, received, expected = _collect_once(ask, asked, call)
        if received >= expected:
            return rows
    problem = f"incomplete: the server has {expected} persons and gave {received}, twice"
    raise BadAnswerError(problem, call, advice=f"Nothing of it is used. {ASK_THEM}")


def _collect_once(ask, asked, call):
    rows, keys, expected, idle, number = [], set(), 0, 0, 0
    # A few strangers are dropped. Many mean that the list of IDs got lost, and everybody comes.
    most = 1000 + 10 * len(asked)
    while idle < IDLE_PAGES:
        number += 1
        page = _read_page(ask(number), call)
        known = len(keys)
        keys.update(map(get_row_key, page.rows))
        idle = 0 if len(keys) > known else idle + 1
        if page.is_counted or not idle:
            rows += page.rows
        # The most that was ever said: a row that is removed moves an unseen one to a seen page.
        expected = max(expected, page.total or 0)
        if max(expected, len(keys)) > most:
            problem = "the server answers about everybody instead of the persons asked about"
            advice = "It, or a proxy on the way, drops the body of GET requests."
            raise BadAnswerError(problem, call, advice=f"{advice} {ASK_THEM}")
        if _is_last(page, number, keys, expected, asked, idle):
            return rows, len(keys), expected
    problem = f"the pages don't end: after {number}, they bring nobody new"
    raise BadAnswerError(problem, call, advice=ASK_THEM)


def _is_last(page, number, keys, expected, asked, idle):
    if page.is_counted:
        return not page.rows or (
            len(keys) >= expected and (page.pages is None or number >= page.pages)
        )
    # Such a server may well know no pages, and give the same ones again for page 2.
    return keys.issuperset(asked) or (idle and not page.has_next)


def _read_page(payload, call) -> Page:
    rows = payload.get("records")
    if not isinstance(rows, list):
        raise BadAnswerError("the answer has no list of records", call, advice=ASK_THEM)
    pagination = payload.get("pagination")
    if not isinstance(pagination, dict):
        pagination = {}
    return Page(
        rows,
        _read_total(pagination.get("total_records")),
        _read_total(pagination.get("total_pages")),
        any(_says_next(part) for part in (payload, pagination, payload.get("links"))),
    )


def _says_next(part):
    return isinstance(part, dict) and any(map(part.get, NEXT_KEYS))


def _read_total(value):
    return read_count(int(value) if isinstance(value, float) and value.is_integer() else value)
