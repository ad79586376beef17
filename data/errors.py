"""The one error of this package."""


class DataError(ValueError):
    """A table or a setting cannot be used; the message is one sentence for a person."""


def shown(text: object, length: int = 60) -> str:
    """Quote text from a file or a person for a message: bounded, and on one line."""
    return repr(str(text)[:length])
