"""What can be wrong with a file as a whole, and with one cell of it."""


def _(text: str) -> str:
    """Mark a sentence for translators. Here it stays English: whoever shows it translates it."""
    return text


class Sentence(str):
    """A sentence in English, and what it is made of, so that it can be said in another language.

    :param text: the sentence, marked for translators, with ``%(name)s`` for each value
    :param values: what stands in it: texts, numbers, days, and other sentences
    """

    def __new__(cls, text: str, /, **values):
        self = super().__new__(cls, text % values if values else text)
        self.text, self.values = text, values
        return self


class Explained(Exception):
    """An error with a sentence: of the values, none is a person's ID."""

    def __init__(self, text: str, /, **values):
        self.sentence = text if isinstance(text, Sentence) else Sentence(text, **values)
        super().__init__(self.sentence)


class FileError(Explained):
    """Why a file can't be used, and what to do about it: whole sentences for who uploaded it.

    They hold no person's ID, and no value of a cell but titles of columns, dates, and names of
    types and locations.
    """


class Wrong(Explained):
    """What is wrong with one cell: a sentence for who corrects it, and never a person's ID."""
