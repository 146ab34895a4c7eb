"""What can be wrong with a file as a whole, and with one cell of it."""


class FileError(Exception):
    """Why a file can't be used, and what to do about it: whole sentences for who uploaded it.

    They hold no person's ID, and no value of a cell but titles of columns, dates, and names of
    types and locations.
    """


class Wrong(Exception):
    """What is wrong with one cell: a sentence for who corrects it, and never a person's ID."""
