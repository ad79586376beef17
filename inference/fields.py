"""Fields of a record that came from outside: refused in a sentence, or as they are.

Each raises `SpecError`, which names the field, what came and what is allowed.
"""

from collections.abc import Mapping
from typing import Any

from inference.priors import SpecError


def check_choice(field: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return a value that is one of those allowed."""
    if value not in allowed:
        raise SpecError(
            f"{field} came as {str(value)[:40]!r}: choose one of {', '.join(allowed)}."
        )
    return value


def as_record(field: str, content: Any) -> dict[str, Any]:
    """Return an object of JSON with its names as text."""
    if not isinstance(content, Mapping):
        raise SpecError(
            f"{field} came as {str(content)[:40]!r}: write an object in braces."
        )
    return {str(key): value for key, value in content.items()}


def check_fields(where: str, content: Mapping, known: tuple[str, ...]) -> None:
    """Refuse fields that are not known."""
    unknown = [name for name in content if name not in known]
    if unknown:
        raise SpecError(
            f"{where} came with the unknown field {unknown[0][:40]!r}: "
            f"its fields are {', '.join(known)}."
        )


def check_number(field: str, value: Any, low: float, high: float, whole=False):
    """Refuse what is no number, or none within its bounds."""
    kind = int if whole else int | float
    number = isinstance(value, kind) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise SpecError(
            f"{field} came as {str(value)[:40]!r}: give a"
            f"{' whole' if whole else ''} number from {low:,} to {high:,}."
        )
