"""What an address says of the page, whoever wrote it."""

import pytest

from dashboard.links import Link, in_order, read, write

KEYS = ("corner", "chains", "runs")
VIEWS = {"demo": ("corner", "runs"), "expert": KEYS}


def asked(search: str) -> tuple[Link, str]:
    return read(search, KEYS, VIEWS)


@pytest.mark.parametrize(
    ("search", "link"),
    [
        ("", Link()),
        ("?problem=cluster", Link("cluster")),
        ("?view=demo", Link(panels=("corner", "runs"))),
        ("?view=expert", Link()),
        ("?panels=runs,corner", Link(panels=("corner", "runs"))),
        ("?panels=chains&view=demo", Link(panels=("chains",))),
        ("?panels=chains,chains,corner,runs", Link()),
        ("?run=abc&problem=star", Link("star", run="abc")),
        ("?utm_source=mail", Link()),
    ],
)
def test_an_address_is_read(search, link):
    assert asked(search) == (link, "")


@pytest.mark.parametrize(
    "link",
    [
        Link(),
        Link("star"),
        Link("cluster", ("corner", "runs"), "0" * 32),
        Link("", ("chains",)),
    ],
)
def test_what_is_written_is_read_again(link):
    assert asked(write(link, VIEWS)) == (link, "")


def test_a_named_view_is_written_by_its_name_and_a_default_not_at_all():
    assert write(Link(panels=("corner", "runs")), VIEWS) == "?view=demo"
    assert write(Link(panels=("chains", "runs")), VIEWS) == "?panels=chains,runs"
    assert write(Link(), VIEWS) == ""


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("?problem=<script>", "problem came as '<script>': choose of line, "),
        ("?view=" + "x" * 500, f"view came as {'x' * 40!r}: choose of demo, expert."),
        ("?panels=corner,__class__", "panels came as '__class__': choose of corner, "),
        ("?" + "&".join(f"a{k}=1" for k in range(50)), "too many parts"),
    ],
)
def test_what_is_not_known_is_a_sentence(search, words):
    link, complaint = asked(search)
    assert words in complaint
    assert link in (Link(), Link(panels=("corner",)))


def test_thousands_of_panels_are_not_answered_one_by_one():
    _, complaint = asked("?panels=" + ",".join("x" * 9000))
    assert len(complaint) < 2000


def test_all_panels_are_the_default():
    assert in_order(("runs", "corner", "chains"), KEYS) == ()
    assert in_order(("runs", "corner"), KEYS) == ("corner", "runs")
