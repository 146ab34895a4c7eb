"""Where a platform differs from a kept contract, in words, and whether that touches our addons."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .contract_names import Names

NO_INSTALL = "Our addons are built on it: without it they do not install."
NO_USE = "Our addons use it: without it they do not install, or fail there."
OTHER_KIND = "Our addons use it as it was."
REFUSED = "Our addons create such records, and may not know of it: these may be refused."
RELIED_ON = "Our addons may count on it."
NARROWER = "Users of our addons may be refused, or shown less."
NOT_NAMED = "Our addons do not name it."
NOT_CREATED = "Our addons create no such records."
NOT_ADDED_TO = "Our addons add no values to its list."
MORE = "It is more than our addons ask for."
CHANGES = {
    "type": "is of type {new}, not {old}",
    "relation": "leads to {new}, not to {old}",
    "on_delete": "does “{new}” when what it leads to is deleted, not “{old}”",
    "size": "has room for {new} characters, not {old}",
}
SWITCHES = {
    "stored": ("is stored in the database", "is not stored in the database"),
    "computed": ("is computed", "is not computed"),
    "translated": ("is kept in each language", "is kept in one language"),
}
BY_METHOD = "by a method"


class Difference(NamedTuple):
    """
    :ivar where: a model, a field, a view ... of the platform
    :ivar what: how it is there; goes on from `where`
    :ivar effect: a sentence: why this touches our addons, or why not
    """

    where: str
    what: str
    effect: str
    touches: bool


def differences(kept: dict, found: dict, names: Names) -> list[Difference]:
    """How the platform of the contract `found` differs from the one of `kept`.

    :param names: what our addons name: that decides what touches them
    """
    comparison = _Comparison(names, kept["groups"].keys() ^ found["groups"].keys())
    parts = (
        comparison.models(kept["models"], found["models"]),
        comparison.groups(kept["groups"], found["groups"]),
        comparison.views(kept["views"], found["views"]),
        comparison.external_ids(kept["external_ids"], found["external_ids"]),
        comparison.imports(kept["imports"], found["imports"]),
    )
    return [difference for part in parts for difference in part]


class _Comparison:
    def __init__(self, names: Names, not_in_both: set[str]):
        """
        :param not_in_both: groups; of these it is enough to say that they are missing, or further
        """
        self.names, self.not_in_both = names, not_in_both

    def models(self, kept: dict, found: dict) -> Iterator[Difference]:
        yield from _presence(kept, found, "model", NO_INSTALL)
        for name in _both(kept, found):
            created = {name, name.replace(".", "_")} & self.names.created
            refusal = (REFUSED, True) if created else (NOT_CREATED, False)
            old, new = kept[name], found[name]
            yield from self._fields(name, old, new, refusal)
            yield from self._methods(name, old["methods"], new["methods"])
            yield from self._unique(name, old["unique"], new["unique"], refusal)
            yield from self._access(name, old["access"], new["access"])
            for rule in _only(new["rules"], old["rules"]):
                yield Difference(name, f"has a further rule: {rule}", NARROWER, True)
            for rule in _only(old["rules"], new["rules"]):
                yield Difference(name, f"lacks the rule: {rule}", MORE, False)

    def _fields(
        self, model: str, kept: dict, found: dict, refusal: tuple[str, bool]
    ) -> Iterator[Difference]:
        for name in sorted(kept["fields"].keys() | found["fields"].keys()):
            where = f"{model}.{name}"
            old, new = kept["fields"].get(name), found["fields"].get(name)
            if new is None:
                yield Difference(where, "is missing", *self._named(name, NO_USE))
                continue
            if old is None:
                # One that our addons don't name may have been there, not required: then it is not
                # in the kept contract.
                if not new.get("required"):
                    yield Difference(where, "is a further field", MORE, False)
            else:
                yield from self._kind(where, name, old, new)
                yield from self._selection(model, name, old.get("selection"), new.get("selection"))
            yield from self._emptiness(where, name, old or {}, new, refusal)
            was_filled, is_filled = (name in part["not_null"] for part in (kept, found))
            if is_filled and not was_filled and not new.get("required"):
                yield Difference(where, "may not be empty in the database", *refusal)
            if was_filled and not is_filled and new.get("required"):
                what = "may be empty in the database"
                yield Difference(where, what, *self._named(name, RELIED_ON))

    def _named(self, name: str, effect: str) -> tuple[str, bool]:
        return (effect, True) if name in self.names.words else (NOT_NAMED, False)

    def _kind(self, where: str, name: str, old: dict, new: dict) -> Iterator[Difference]:
        effect = self._named(name, OTHER_KIND)
        for fact, sentence in CHANGES.items():
            was, is_now = (facts.get(fact) or "unlimited" for facts in (old, new))
            if was != is_now:
                yield Difference(where, sentence.format(new=is_now, old=was), *effect)
                if fact == "type":
                    return
        for fact, (on, off) in SWITCHES.items():
            if old.get(fact) != new.get(fact):
                yield Difference(where, on if new.get(fact) else off, *effect)

    def _emptiness(
        self, where: str, name: str, old: dict, new: dict, refusal: tuple[str, bool]
    ) -> Iterator[Difference]:
        must, had_to = new.get("required"), old.get("required")
        has_default, had_default = new.get("default"), old.get("default")
        if must and not had_to:
            effect = ("It has a default.", False) if has_default else refusal
            yield Difference(where, "is required", *effect)
        if had_to and not must:
            yield Difference(where, "is not required", *self._named(name, RELIED_ON))
        if has_default and not had_default:
            yield Difference(where, "has a default", MORE, False)
        if had_default and not has_default:
            yield Difference(where, "has no default", *refusal)

    def _selection(
        self, model: str, name: str, old: list | str | None, new: list | str | None
    ) -> Iterator[Difference]:
        where = f"{model}.{name}"
        if isinstance(old, list) and isinstance(new, list):
            for value in _only(new, old):
                yield Difference(where, f"has a further value, {value}", NOT_NAMED, False)
            for value in _only(old, new):
                what = f"lacks the value {value}"
                yield Difference(where, what, *self._named(value, NO_USE))
        elif old != new and old and new:
            added_to = (model, name) in self.names.extended
            what = "takes its values from a " + ("method" if new == BY_METHOD else "list")
            effect = "Our addons add values to the list: they do not load."
            yield Difference(where, what, effect if added_to else NOT_ADDED_TO, added_to)

    def _methods(self, model: str, kept: dict, found: dict) -> Iterator[Difference]:
        old, new = (
            {f"{model}.{name}()": how for name, how in part.items()} for part in (kept, found)
        )
        yield from _presence(old, new, "method", NO_USE)
        for name in _both(old, new):
            if old[name] != new[name]:
                what = f"takes {new[name]}, not {old[name]}"
                yield Difference(name, what, OTHER_KIND, True)

    def _unique(
        self, model: str, kept: list, found: list, refusal: tuple[str, bool]
    ) -> Iterator[Difference]:
        for columns in _only(found, kept):
            yield Difference(model, f"is unique by {', '.join(columns)}", *refusal)
        for columns in _only(kept, found):
            what = f"is not unique by {', '.join(columns)}"
            yield Difference(model, what, RELIED_ON, True)

    def _access(self, model: str, kept: dict, found: dict) -> Iterator[Difference]:
        for group in sorted((kept.keys() | found.keys()) - self.not_in_both):
            old, new = kept.get(group, []), found.get(group, [])
            is_ours = group in self.names.dotted or group == "everybody"
            if lost := _only(old, new):
                effect = (NARROWER, True) if is_ours else (NOT_NAMED, False)
                yield Difference(model, f"no longer lets {group} {', '.join(lost)}", *effect)
            if gained := _only(new, old):
                yield Difference(model, f"lets {group} {', '.join(gained)}", MORE, False)

    def groups(self, kept: dict, found: dict) -> Iterator[Difference]:
        for name in _only(kept, found):
            is_ours = name in self.names.dotted
            effect = (NO_INSTALL, True) if is_ours else (NOT_NAMED, False)
            yield Difference(name, "is missing", *effect)
        for name in _only(found, kept):
            yield Difference(name, "is a further group", MORE, False)
        for name in _both(kept, found):
            is_ours = name in self.names.dotted
            for other in _only(kept[name], found[name]):
                effect = (NARROWER, True) if is_ours else (NOT_NAMED, False)
                yield Difference(name, f"does not imply {other}", *effect)
            for other in _only(found[name], kept[name]):
                yield Difference(name, f"implies {other}", MORE, False)

    def views(self, kept: dict, found: dict) -> Iterator[Difference]:
        yield from _presence(kept, found, "view", NO_INSTALL)
        for name in _both(kept, found):
            old, new = kept[name], found[name]
            for fact in ("model", "type"):
                if old[fact] != new[fact]:
                    what = f"is a view of {fact} {new[fact]}, not {old[fact]}"
                    yield Difference(name, what, NO_INSTALL, True)
            for element in sorted(old["elements"].keys() | new["elements"].keys()):
                was, is_now = (part["elements"].get(element) for part in (old, new))
                if is_now and not was:
                    yield Difference(name, f"has the element {element}", MORE, False)
                elif was != is_now:
                    yield Difference(name, f"lacks the element {element}", NO_INSTALL, True)

    def external_ids(self, kept: dict, found: dict) -> Iterator[Difference]:
        yield from _presence(kept, found, "record", NO_INSTALL)
        for name in _both(kept, found):
            if kept[name] != found[name]:
                what = f"is a record of {found[name]}, not of {kept[name]}"
                yield Difference(name, what, NO_INSTALL, True)

    def imports(self, kept: dict, found: dict) -> Iterator[Difference]:
        old, new = (
            {f"{module}.{name}": "" for module, names in part.items() for name in names}
            for part in (kept, found)
        )
        yield from _presence(old, new, "name", "Our addons import it: without it they do not load.")


def _presence(kept: dict, found: dict, kind: str, effect: str) -> Iterator[Difference]:
    """For what our addons name, and is there or not."""
    for name in _only(kept, found):
        yield Difference(name, "is missing", effect, True)
    for name in _only(found, kept):
        yield Difference(name, f"is a further {kind}", MORE, False)


def _only(one: Iterable, other: Iterable) -> list:
    return [each for each in one if each not in other]


def _both(one: dict, other: dict) -> list[str]:
    return sorted(one.keys() & other.keys())
