"""How long the next chunk is, and when its worker is taken to hang."""

from dataclasses import dataclass

FIRST_SECONDS, SOON_SECONDS, CHUNK_SECONDS = 0.005, 0.03, 0.25
"""How long a chunk should take: that of the first draws, one of warm-up or of the next
few, and any later one."""
WHOLE = 0.035
"""Seconds within which nobody sees draws come in parts: what takes less is one chunk,
each of which costs some 4 ms besides its draws."""
FIRST_LENGTH = 10
PREPARE_LIMIT = 300.0
"""Seconds that compiling may take, and the first chunk, of which nothing is known."""
CHUNK_LIMIT, SLOWER = 120.0, 20.0
"""Seconds that any later chunk may take, one that finds it has to compile, too, and how
many times longer than expected."""


@dataclass(frozen=True)
class Pace:
    """How fast a run is, as its last chunk showed."""

    length: int
    """Draws of each chain to ask for next."""
    seconds_a_draw: float | None = None
    """What a draw of every chain took [s]; None before the first chunk."""

    def after(self, length: int, seconds: float, wanted: float) -> "Pace":
        """Return the pace after a chunk.

        Parameters
        ----------
        length : int
            Draws of the chunk.
        seconds, wanted : float
            What it took, and what the next one should take [s].
        """
        # At most four times longer than the last: one slow chunk must not follow.
        faster = min(wanted / max(seconds, 1e-4), 4.0)
        return Pace(max(1, int(length * faster)), seconds / length)

    @classmethod
    def known(cls, seconds_a_draw: float) -> "Pace":
        """Return the pace of a run of which another showed how fast it is."""
        length = int(SOON_SECONDS / max(seconds_a_draw, 1e-7))
        return cls(max(1, length), seconds_a_draw)

    def of(self, left: int) -> int:
        """Return how many of the draws that are left the next chunk should have.

        What would be less than half a chunk is not worth one of its own.
        """
        if self.seconds_a_draw is not None and left * self.seconds_a_draw < WHOLE:
            return left
        return left if left < 1.5 * self.length else self.length

    def limit(self, length: int) -> float:
        """Return the seconds after which so long a chunk is taken to hang."""
        if self.seconds_a_draw is None:
            return PREPARE_LIMIT
        return max(CHUNK_LIMIT, SLOWER * length * self.seconds_a_draw)
