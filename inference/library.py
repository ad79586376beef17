"""Runs that are found again: a private folder of stores, each under a random name.

A page uses it so::

    shelf = library.of_environment()
    kept = shelf.keep(run)
    kept.name                       # 32 hexadecimal digits, for a link
    kept.written.exception()        # None once all that was shown is on the disk

    shelf.record(name)              # what the disk has of a run, also while it goes on
    shelf.resume(name, executor)    # to go on with it, or to extend one that is done

A run that takes long is kept when it begins; one that is over in a moment, when it
stands and somebody looks at it: a slider in motion leaves a run behind with every step.

What is promised. From when ``kept.written`` is done, what the run has shown is on the
disk, and later chunks are there before they are shown: a kill at any moment loses none
of it, and `Library.resume` gives the draws of a run never cut, to the bit. Before that
a kill loses the run. What there is of a run is written in another thread than the
caller's; a run that is not over waits for that with its next chunk, and then for the
disk at every chunk, as do those behind it that use the same worker. Runs are removed,
oldest first, when there are too many (`Library.cull`).

A name is as good as a password: who has it sees the run, and may go on with it. It is
checked to be a name before a path is made of it, and nothing is ever unpickled.
"""

import os
import re
import secrets
import stat
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from inference.course import saved_record
from inference.progress import RunRecord
from inference.provenance import Header, StoreError
from inference.runner import Run
from inference.store import Store

FOLDER = "NUTSHELL_RUNS"
"""Environment variable with the folder, where it should not be the user's own."""
DAYS = 90.0
"""Runs that nothing was added to for longer are removed."""
BYTES = 2 * 2**30
"""What all runs may take together."""
NAME = re.compile(r"[0-9a-f]{32}")


class Entry(NamedTuple):
    """A run in the library."""

    name: str
    changed: float
    """When something was last added [s since 1970]."""
    size: int
    """[bytes]"""


class Kept(NamedTuple):
    """A run that was given to the library."""

    name: str
    written: Future
    """Done when what the run showed is on the disk; a `StoreError`, `OSError` or
    `ValueError`, each a sentence, if it cannot be."""


class Library:
    """A folder of stored runs, for one user of the machine.

    Parameters
    ----------
    folder : Path
        Made, for this user only, if it is not there.

    Raises
    ------
    StoreError
        If others may write to it.
    OSError
        If it cannot be made.
    """

    def __init__(self, folder: Path, days: float = DAYS, size: int = BYTES):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if status.st_uid != os.getuid() or shared:
            raise StoreError(
                f"{folder} may be written by others, and runs in it could not be "
                f"trusted: make it private (chmod 700) or set {FOLDER} to another."
            )
        self.folder = folder
        self._days, self._size = days, size
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="library")

    def keep(self, run: Run) -> Kept:
        """Give a run a store under a new name, written in another thread.

        Parameters
        ----------
        run : Run
            Without a store, at any point of its way, also when it is over. What is
            added to it later is stored too.
        """
        name = secrets.token_hex(16)
        return Kept(name, self._writer.submit(self._write, run, name))

    def _write(self, run: Run, name: str) -> None:
        run.store_in(self._place(name))
        self.cull()

    def record(self, name: str) -> RunRecord:
        """Read what the disk has of a run, by any versions, also while it goes on.

        Raises
        ------
        StoreError
            If there is no such run, or it is damaged.
        """
        return saved_record(self._found(name))

    def header(self, name: str) -> Header:
        """Read what a run is, without its data and draws.

        Raises
        ------
        StoreError
            If there is no such run, or it is damaged.
        """
        return Store.reading(self._found(name)).header()

    def resume(self, name: str, executor: Executor) -> Run:
        """Go on with a run where the disk has it, to the draws of one never cut.

        Raises
        ------
        StoreError
            If there is no such run, it is damaged, another run goes on with it, or
            these libraries or this platform may give other draws; `record` reads those
            that there are.
        """
        return Run.from_store(self._found(name), executor)

    def remove(self, name: str) -> None:
        """Remove a run.

        Raises
        ------
        StoreError
            If there is no such run, or it goes on.
        """
        Store.reading(self._found(name)).remove()

    def entries(self) -> tuple[Entry, ...]:
        """Return the runs that there are, that changed last first."""
        return tuple(e for e in self._folders() if self._holds_run(e.name))

    def cull(self) -> None:
        """Remove runs that are too old or, oldest first, too much; not those going on.

        `keep` does so after each run that it wrote. The newest always stays.
        """
        newest, *others = self._folders() or [Entry("", 0.0, 0)]
        total, oldest = newest.size, time.time() - self._days * 86400
        for entry in others:
            if entry.changed >= oldest and total + entry.size <= self._size:
                total += entry.size
                continue
            try:
                # Also what a program that was killed had not written to the end.
                Store(self._place(entry.name)).remove()
            except (StoreError, FileNotFoundError):
                # It goes on, or another page has just removed it.
                total += entry.size

    def _folders(self) -> list[Entry]:
        named = (f for f in self.folder.iterdir() if NAME.fullmatch(f.name))
        entries = (entry for folder in named if (entry := _measured(folder)))
        return sorted(entries, key=lambda entry: -entry.changed)

    def close(self) -> None:
        """Write what waits to be written."""
        self._writer.shutdown()

    def _place(self, name: str) -> Path:
        return self.folder / name

    def _holds_run(self, name: str) -> bool:
        return (self._place(name) / "run.json").exists()

    def _found(self, name: str) -> Path:
        if not NAME.fullmatch(name) or not self._holds_run(name):
            raise StoreError(
                "There is no such run here: it was removed, or its link is not whole."
            )
        return self._place(name)


def _measured(folder: Path) -> Entry | None:
    try:
        return _entry(folder, folder.stat().st_mtime_ns)
    except FileNotFoundError:
        # Something was removed in the meantime; it is still there the next time.
        return None


@lru_cache(maxsize=4096)
def _entry(folder: Path, at: int) -> Entry:
    """Measure a run, whose folder changed last ``at`` that time [ns].

    Whatever is added to a store comes by a new name, which changes its folder: of
    hundreds of runs one is looked into, while a page is about to be drawn.
    """
    del at
    files = [path.stat() for path in (folder, *folder.iterdir())]
    size = sum(status.st_size for status in files)
    return Entry(folder.name, max(status.st_mtime for status in files), size)


@cache
def of_environment() -> Library:
    """Return this user's library, or that which the environment names.

    Raises
    ------
    StoreError, OSError
        If its folder cannot be used.
    """
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Library(Path(os.environ.get(FOLDER) or os.path.join(state, "nutshell/runs")))
