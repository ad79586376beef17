"""Files that are on the disk whole or not at all, and arrays as their contents."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np


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
