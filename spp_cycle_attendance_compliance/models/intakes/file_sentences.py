from odoo import _
from odoo.tools import format_date

from ...files import Sentence


class FileSentences:
    """Says what `files` found in the language of who reads it.

    :param env: of who reads it; `_` finds the language by it
    """

    def __init__(self, env):
        self.env = env
        self._said = {}

    def say(self, sentence):
        """Return a sentence in the reader's language; the same come again and again."""
        if sentence not in self._said:
            values = {name: self._say_value(value) for name, value in sentence.values.items()}
            # All of them are marked where they are made.
            self._said[sentence] = _(sentence.text, **values)
        return self._said[sentence]

    def _say_value(self, value):
        if isinstance(value, Sentence):
            return self.say(value)
        return format_date(self.env, value) if hasattr(value, "isoformat") else value
