"""The one exception whose text is meant for a person."""


class Problem(Exception):
    """Something the user can put right. The text is a sentence that says what to do."""
