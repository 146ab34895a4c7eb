"""Takes what is nobody's business out of a server's texts, and makes them fit to be shown."""

import base64
import html
import json
import re
from collections.abc import Collection
from urllib.parse import quote, quote_plus

REDACTED = "***"
SHOWN_LENGTH = 300
READ_LENGTH = 64 * 1024  # bytes of an error's body

_HTML = re.compile(r"<!doctype|<html|<head|<body", re.IGNORECASE)
_INVISIBLE = re.compile(r"<(style|script|title)\b[^<]*</\1\s*>|<[^<>]*>", re.IGNORECASE)


class Redactor:
    """Knows the secrets of one client: its own, and the tokens that it gets."""

    def __init__(self, client_id: str, client_secret: str):
        self._forms = _forms(client_secret)
        for separated in (
            f"{client_id}:{client_secret}",
            f"{quote_plus(client_id)}:{quote_plus(client_secret)}",
        ):
            self._forms |= _base64_forms(separated)

    def add(self, secret: str):
        """Also take out this one from now on."""
        self._forms |= _forms(secret)

    def clean(self, text: str, private: Collection[str] = ()) -> str:
        """Return the text without secrets, on one line, unreadable characters removed, shortened.

        :param private: the persons' IDs to be taken out too, where they stand as whole words
        """
        text = _hide_ids(self._redact(" ".join(_visible(text).split())), private)
        return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"

    def read_message(self, body: bytes, private: Collection[str] = ()) -> str:
        """Return what the body of an error says to people, cleaned: the contract's own fields,
        OAuth2's, a page's visible text, or else the body itself."""
        # Secrets first, as they are written here; the IDs last, which may be numbers of the JSON.
        text = self._redact(body[:READ_LENGTH].decode("utf-8", "replace"))
        if len(body) >= READ_LENGTH:
            # The end of the reading can have cut a secret in two, which is then not recognised.
            text = text[: len(text) // 2]
        try:
            text = _find_message(json.loads(text)) or text
        except (ValueError, RecursionError):
            if _HTML.search(text):
                text = html.unescape(_INVISIBLE.sub(" ", text))
        return self.clean(text, private)

    def _redact(self, text):
        # The longest first: a form can be the beginning of another one.
        forms = sorted(self._forms, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, forms)), REDACTED, text, flags=re.IGNORECASE)


def _hide_ids(text, person_ids):
    if not person_ids:
        return text
    forms = {form for each in person_ids for form in (each, json.dumps(each)[1:-1])}
    words = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
    return re.sub(rf"(?<![^\W_])(?:{words})(?![^\W_])", REDACTED, text)


def _forms(secret):
    """The ways in which a server can give a secret back."""
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        " ".join(_visible(secret).split()) or secret,
        *_base64_forms(secret),
    }


def _base64_forms(text):
    raw = text.encode()
    encoded = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    return {form.rstrip("=") for form in encoded}


def _visible(text):
    return "".join(character if character.isprintable() else " " for character in text)


def _find_message(payload):
    if not isinstance(payload, dict):
        return None
    if isinstance(payload.get("error"), dict):
        payload = payload["error"]
    keys = ("error", "error_description", "message", "detail")
    parts = [payload.get(key) for key in keys]
    return ": ".join(part for part in parts if isinstance(part, str) and part)
