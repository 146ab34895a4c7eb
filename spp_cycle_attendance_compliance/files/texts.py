"""Texts of cells: cleaned, compared, and told apart from what only looks like a text."""

import re
import unicodedata

# What nobody sees at the ends of an ID, and people type or paste there: the same as the addon's
# identifiers know.
BLANKS = (
    " \t\n\r\f\v\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
LONGEST_DESCRIPTION = 2000
LONGEST_ID = 255

# What nobody sees at the ends of a word: marks of direction, and the one of an emoji's style.
_UNSEEN = BLANKS + "\u061c\u200e\u200f\ufe0f"
# Control characters but for tabs and line breaks, and halves of surrogate pairs. A database takes
# neither NUL nor those halves.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Formula(str):
    """A formula as it is written: nobody has computed it."""

    __slots__ = ()


class Shortened(str):
    """A number of which a spreadsheet has not kept all digits."""

    __slots__ = ()


def clean(text: str, longest: int) -> str:
    """Return a text without what no text needs, cut. Markup stays: whoever shows it escapes it."""
    return _UNWANTED.sub("", text[:longest])


def fold(text: str) -> str:
    """Return what all spellings of a word share: accents count, capitals and blanks don't."""
    return " ".join(unicodedata.normalize("NFC", trim(text)).casefold().split())


def trim(text: str) -> str:
    return text.strip(_UNSEEN)
