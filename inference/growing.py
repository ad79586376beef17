"""Draws that grow at their end, in views that do not change once they are given out."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from inference.progress import RunRecord, StarSummary
from inference.records import Chunk


class GrowingRows:
    """Arrays (chain, draw, ...) that are written once, from their front to their end.

    Rows that a view shows are never written again, so a view may be kept and read in
    any thread while rows are added behind its end.
    """

    def __init__(self):
        self._buffers: dict[str, np.ndarray] = {}

    def add(
        self, rows: Mapping[str, np.ndarray], start: int, room: int
    ) -> dict[str, np.ndarray]:
        """Write rows behind the first ``start`` and return views up to their end.

        Parameters
        ----------
        rows : mapping of arrays (chain, draw, ...)
        start : int
            Draws that are there already.
        room : int
            Draws to make room for, where there is none yet.

        Returns
        -------
        dict of arrays (chain, draw, ...)
            Read-only.
        """
        views = {}
        for name, value in rows.items():
            end = start + value.shape[1]
            buffer = self._with_room(name, value, start, max(room, end))
            buffer[:, start:end] = value
            views[name] = buffer[:, :end]
            views[name].flags.writeable = False
        return views

    def _with_room(self, name: str, like: np.ndarray, start: int, room: int):
        old = self._buffers.get(name)
        if old is not None and old.shape[1] >= room:
            return old
        buffer = np.empty((like.shape[0], room, *like.shape[2:]), like.dtype)
        if old is not None:
            # Views of the old buffer stay as they are.
            buffer[:, :start] = old[:, :start]
        self._buffers[name] = buffer
        return buffer


class StarSums:
    """Sums over draws of every star's membership, distance [pc] and its square."""

    def __init__(self):
        self._count = 0
        self._sums: list[np.ndarray] = []

    @property
    def total(self) -> tuple[int, tuple[np.ndarray, ...]] | None:
        """Number of draws and sums over them, as a chunk has them."""
        return (self._count, tuple(self._sums)) if self._sums else None

    def add(self, count: int, sums: tuple[np.ndarray, ...]) -> StarSummary:
        """Add the sums of ``count`` draws, (star,) each, and return the averages."""
        self._count += count
        before = self._sums or [np.zeros_like(s) for s in sums]
        self._sums = [a + b for a, b in zip(before, sums, strict=True)]
        membership, mean, square = (s / self._count for s in self._sums)
        return StarSummary(membership, mean, np.sqrt(np.maximum(square - mean**2, 0)))


class Growth:
    """What the chunks of one run add up to."""

    def __init__(self):
        self._draws, self._stats = GrowingRows(), GrowingRows()
        self._warmup = GrowingRows()
        self._stars = StarSums()

    def add(
        self, record: RunRecord, chunk: Chunk, length: int, sampling: bool
    ) -> RunRecord:
        """Return the record after a chunk.

        Parameters
        ----------
        record : RunRecord
            What the chunks before it came to.
        chunk : Chunk
        length : int
            Draws that it adds to each chain.
        sampling : bool
            Whether its draws are kept, being past warm-up.
        """
        seconds = record.sample_seconds + chunk.seconds
        if not sampling:
            return replace(
                record,
                warmed_up=record.warmed_up + length,
                warmup=self._steps(record, chunk),
                sample_seconds=seconds,
            )
        start, room = record.drawn, record.spec.sampler.draws
        return replace(
            record,
            drawn=start + length,
            draws=self._draws.add(chunk.draws, start, room),
            stats=self._stats.add(chunk.stats, start, room),
            stars=None if chunk.stars is None else self._stars.add(*chunk.stars),
            sample_seconds=seconds,
        )

    def whole(
        self, record: RunRecord, state: tuple[np.ndarray, ...]
    ) -> list[tuple[Chunk, int, bool]]:
        """Return all that was added as one chunk of warm-up and one of draws.

        Parameters
        ----------
        record : RunRecord
            What was added came to.
        state : tuple of arrays
            The sampler's state after it.

        Returns
        -------
        list of tuple
            Chunk, length and sampling, as `add` takes them; without those of no length.
            The state is in the last.
        """
        warmup, drawn, stride = record.warmed_up, record.drawn, record.warmup_stride
        # Of steps that were not kept the last kept one stands in: none looks at them.
        steps = {
            name: np.repeat(kept, stride, axis=1)[:, :warmup]
            for name, kept in record.warmup.items()
        }
        none = Chunk((), steps, {}, None, 0.0, record.device)
        # Only the sum of all seconds is known.
        last = none._replace(state=state, seconds=record.sample_seconds)
        if drawn == 0:
            return [(last, warmup, False)] if warmup else []
        draws, stats = dict(record.draws), dict(record.stats)
        kept = last._replace(draws=draws, stats=stats, stars=self._stars.total)
        return ([(none, warmup, False)] if warmup else []) + [(kept, drawn, True)]

    def _steps(self, record: RunRecord, chunk: Chunk) -> dict[str, np.ndarray]:
        """Return what is kept of warm-up, with that of a chunk."""
        stride, done = record.warmup_stride, record.warmed_up
        if done and not record.warmup:
            # It was begun by a program that did not keep its steps.
            return {}
        kept = {
            name: value[:, -done % stride :: stride]
            for name, value in chunk.draws.items()
            if value.ndim == 2
        }
        start, room = (-(-n // stride) for n in (done, record.spec.sampler.warmup))
        return self._warmup.add(kept, start, room)
