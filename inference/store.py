"""A run on disk while it is computed: a folder that outlives the program, if killed.

``run.json`` says what runs, ``observed.*.npz`` holds the data, ``prepared.*.npz`` where
the chains start, and one ``chunk-NNNNNN.*.npz`` each what a chunk added and the
sampler's state after it. A file is written under another name, forced to the disk and
renamed, so it is there whole or not at all. The middle of a name is the SHA-256 of the
contents: a file that was damaged later is not believed, nor are the chunks after it.
Nothing is ever unpickled.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from inference import durable
from inference.priors import SpecError
from inference.provenance import Header, StoreError
from inference.records import Chunk, Prepared

FORMAT = 2


class Store:
    """The folder of one run, written by one program at a time.

    Use `create` or `open`, or, to read only, nothing but the folder: files are there
    whole or not at all, so that one may read while another writes.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._lock: IO | None = None

    def claim(self) -> None:
        """Keep other programs from writing to it, until `close`.

        Raises
        ------
        StoreError
            If another program does.
        """
        if self._lock is not None:
            return
        lock = (self.folder / "lock").open("a")
        try:
            # The system releases it when the process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StoreError(
                f"{self.folder} is in use: another program is running this run; wait "
                "for it or stop it."
            ) from None
        self._lock = lock

    @classmethod
    def create(
        cls,
        folder: Path,
        header: Header,
        observed: Mapping[str, np.ndarray],
        prepared: Prepared | None = None,
        chunks: Sequence[tuple[Chunk, int, bool]] = (),
    ) -> "Store":
        """Begin the store of a run; until all of it is there it is none.

        Parameters
        ----------
        folder : Path
            Must not hold a run.
        header : Header
        observed : mapping of arrays (datum,)
        prepared : Prepared, optional
        chunks : sequence of tuple
            What there is already, as `append` takes it.

        Raises
        ------
        StoreError
            If the folder holds a run already.
        OSError
            If it cannot be written.
        """
        if (folder / "run.json").exists():
            raise StoreError(
                f"{folder} holds a run that did not finish: resume it, or remove that "
                "folder to start anew."
            )
        folder.mkdir(parents=True, exist_ok=True)
        store = cls(folder)
        store.claim()
        try:
            store._put("observed", observed, {})
            if prepared is not None:
                store.prepare(prepared)
            for index, part in enumerate(chunks):
                store.append(index, *part)
            store.describe(header)
            durable.sync(folder.parent)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open(cls, folder: Path) -> "Store":
        """Open a run to go on with it.

        Raises
        ------
        StoreError
            If the folder holds no run, or another program writes to it.
        """
        store = cls.reading(folder)
        store.claim()
        return store

    @classmethod
    def reading(cls, folder: Path) -> "Store":
        """Open a run to read it, while others may write to it.

        Raises
        ------
        StoreError
            If the folder holds no run.
        """
        if not (folder / "run.json").exists():
            raise StoreError(
                f"{folder} holds no run: give the file of a run that was interrupted."
            )
        return cls(folder)

    def describe(self, header: Header) -> None:
        """Write what the run is, over what was written before."""
        content = {"format": FORMAT, **header.to_json()}
        durable.write(self.folder / "run.json", json.dumps(content, indent=1).encode())

    def header(self) -> Header:
        """Read what the run is.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        try:
            content = json.loads((self.folder / "run.json").read_bytes())
            if content["format"] != FORMAT:
                raise StoreError(
                    f"{self.folder} has format {content['format']} and this program "
                    f"reads {FORMAT}: resume it with the version that wrote it."
                )
            return Header.from_json(content)
        except (
            OSError,
            UnicodeDecodeError,
            json.JSONDecodeError,
            KeyError,
            SpecError,
        ) as error:
            raise StoreError(
                f"{self.folder / 'run.json'} cannot be read ({error}): the run cannot "
                "be resumed, start it again."
            ) from None

    def observed(self) -> dict[str, np.ndarray]:
        """Read the data.

        Raises
        ------
        StoreError
            If they are damaged.
        """
        found = self._get("observed")
        if found is None:
            raise StoreError(
                f"The data in {self.folder} are damaged: the run cannot be resumed, "
                "start it again."
            )
        return found[0]

    def prepare(self, prepared: Prepared) -> None:
        """Write where the chains start."""
        fields = prepared._asdict()
        leaves = {n: value for n, value in fields.items() if isinstance(value, tuple)}
        arrays = {}
        for name, values in leaves.items():
            arrays |= durable.numbered(name, values)
        rest = {n: value for n, value in fields.items() if n not in leaves}
        self._put("prepared", arrays, rest)

    def prepared(self) -> Prepared | None:
        """Read where the chains start; None if that was not reached."""
        found = self._get("prepared")
        if found is None:
            return None
        arrays, rest = found
        leaves = {
            n: durable.all_of(n, arrays) for n in Prepared._fields if n not in rest
        }
        return Prepared(**leaves, **rest)

    def append(self, index: int, chunk: Chunk, length: int, sampling: bool) -> None:
        """Write a chunk; when this returns it is on the disk.

        Parameters
        ----------
        index : int
            Number of chunks before it.
        chunk : Chunk
        length : int
            Draws that it adds to each chain.
        sampling : bool
            Whether its draws are kept, being past warm-up.
        """
        arrays = durable.numbered("state", chunk.state)
        if sampling:
            arrays |= {f"draws/{name}": v for name, v in chunk.draws.items()}
            arrays |= {f"stats/{name}": v for name, v in chunk.stats.items()}
        else:
            scalars = {n: v for n, v in chunk.draws.items() if v.ndim == 2}
            arrays |= {f"warmup/{name}": v for name, v in scalars.items()}
        count, sums = chunk.stars or (0, ())
        arrays |= durable.numbered("stars", sums)
        kept = {
            "length": length,
            "sampling": sampling,
            "star_draws": count,
            "seconds": chunk.seconds,
            "device": chunk.device,
        }
        self._put(f"chunk-{index:06d}", arrays, kept)

    def chunks(self) -> Iterator[tuple[Chunk, int, bool]]:
        """Read chunk, length and sampling, up to the first one missing or damaged."""
        index = 0
        while (found := self._get(f"chunk-{index:06d}")) is not None:
            arrays, kept = found
            sums = durable.all_of("stars", arrays)
            chunk = Chunk(
                state=durable.all_of("state", arrays),
                draws=durable.under(
                    "draws/" if kept["sampling"] else "warmup/", arrays
                ),
                stats=durable.under("stats/", arrays),
                stars=(kept["star_draws"], sums) if sums else None,
                seconds=kept["seconds"],
                device=kept["device"],
            )
            yield chunk, kept["length"], kept["sampling"]
            index += 1

    def forget_after(self, count: int) -> None:
        """Remove unfinished files, and what lies behind the first ``count`` chunks."""
        for path in self.folder.glob("*.part"):
            path.unlink()
        for path in self.folder.glob("chunk-*.npz"):
            if int(path.name[6:12]) >= count:
                path.unlink()

    def remove(self) -> None:
        """Remove the run from the disk.

        Raises
        ------
        StoreError
            If another program writes to it.
        """
        self.claim()
        # Without this file it is no run, however far the rest gets.
        (self.folder / "run.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder)
        self.close()

    def close(self) -> None:
        """Let another program write to it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _put(self, name: str, arrays: Mapping[str, np.ndarray], kept: dict) -> None:
        try:
            durable.put(self.folder, name, arrays, kept)
        except OSError as error:
            raise StoreError(
                f"{self.folder} cannot be written ({error.strerror}): make room there "
                "and resume the run"
            ) from error

    def _get(self, name: str) -> tuple[dict[str, np.ndarray], dict] | None:
        return durable.get(self.folder, name)
