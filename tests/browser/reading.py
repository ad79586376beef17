"""What a page says, in numbers."""

import re


def caption_numbers(notes: str) -> dict[str, float]:
    """Read 'Mean ± sd of m: 1.007 ± 0.056; ...' from the captions."""
    line = next(text for text in notes.splitlines() if text.startswith("Mean ± sd of"))
    found = re.findall(r"(?:of |; )([^:;]+): ([-\d.e+]+) ±", line)
    return {name: float(value) for name, value in found}


def drawn(status: str) -> int:
    return count(status, r"([\d,]+) of [\d,]+ draws")


def count(text: str, pattern: str) -> int:
    """Read the whole number that a pattern finds, as '4,768'; 0 where it finds none."""
    match = re.search(pattern, text)
    return int(match[1].replace(",", "")) if match else 0
