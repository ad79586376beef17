"""Files that are on the disk whole or not at all, and arrays as their contents."""

import io
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

DIGITS = 16
"""Hexadecimal digits of the SHA-256 in the name of a file that `put` wrote."""


def write(path: Path, content: bytes) -> None:
    """Write a file under another name, force it to the disk, and rename it.

    Raises
    ------
    OSError
        If the disk is full or refuses.
    """
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Wait until the disk has the folder's names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def npz(values: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays of any shape as an uncompressed npz archive."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **values)
    return content.getvalue()


def arrays(content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of an npz archive, none of them unpickled."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def put(
    folder: Path, name: str, values: Mapping[str, np.ndarray], kept: Mapping[str, Any]
) -> None:
    """Write arrays and what JSON can hold to a file named by its contents too.

    Raises
    ------
    OSError
        If the disk is full or refuses.
    """
    content = npz({**values, "json": np.array(json.dumps(kept))})
    digest = sha256(content).hexdigest()[:DIGITS]
    write(folder / f"{name}.{digest}.npz", content)


def get(folder: Path, name: str) -> tuple[dict[str, np.ndarray], dict] | None:
    """Return the arrays and the JSON that `put` wrote; None if missing or damaged."""
    for path in sorted(folder.glob(f"{name}.*.npz")):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            # Its run was removed since.
            continue
        if path.name.split(".")[1] == sha256(content).hexdigest()[:DIGITS]:
            values = arrays(content)
            return values, json.loads(values.pop("json").item())
    return None


def under(prefix: str, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays whose names begin so, without that, in the order written."""
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def numbered(name: str, leaves: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """Name the arrays of a tuple in their order, below one name."""
    return {f"{name}/{place:03d}": leaf for place, leaf in enumerate(leaves)}


def all_of(name: str, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return the tuple that `numbered` named."""
    return tuple(under(f"{name}/", values).values())
