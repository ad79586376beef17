"""JAX set up, once a process, and the device that it finds."""

import ctypes
import os
import stat
from pathlib import Path

import jax

from inference import threefry


def configure(cache: str | None = None) -> None:
    """Set JAX up, once, before anything is computed.

    All is done in float64. In float32 the parallax at a distance is wrong by its
    size over its error times the rounding of ln r, 5e-7: terms of the likelihood were
    wrong by up to 1e-3 each where ln f > -50, and by 1e-5 of themselves below
    (`inference.quadrature.windows`), which thousands of stars would add up.

    Parameters
    ----------
    cache : str, optional
        Folder of the compilation cache; by default a private one of the user. JAX
        trusts its contents as code, so a folder that others may write is refused.
    """
    jax.config.update("jax_enable_x64", True)
    # Chains have threads of their own: a program computes in that which calls it.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    threefry.unroll()
    folder = Path(cache or cache_folder())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid == os.getuid() and not status.st_mode & (
        stat.S_IWGRP | stat.S_IWOTH
    ):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def cache_folder() -> Path:
    """Return the user's private folder for compiled programs."""
    root = os.environ.get("NUTSHELL_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nutshell"
    )
    return Path(root) / "jax"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def device() -> str:
    """Name the device that runs inference."""
    first = jax.devices()[0]
    if first.platform == "cpu":
        count = cores()
        return f"CPU, {count} core{'s' if count > 1 else ''}"
    return f"{first.platform.upper()} {first.device_kind}"


def trim_memory() -> None:
    """Give memory that is free back to the system; a compiler leaves much behind."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        # Of the GNU C library alone.
        trim(0)
