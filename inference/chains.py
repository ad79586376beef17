"""Chains side by side: computed in threads, stacked into arrays, and one taken out."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import jax
import numpy as np

from inference.devices import cores


def in_threads(function: Callable, count: int) -> list:
    """Return ``function(k)`` for k = 0 to count - 1, as many at a time as cores.

    The function must not call this again: it would wait for its own thread.
    """
    return list(as_threads_end(function, count))


def as_threads_end(function: Callable, count: int) -> Iterator:
    """Yield what `in_threads` returns, each as soon as those before it are there."""
    threads = cores()
    if threads == 1 or count <= 1:
        return map(function, range(count))
    return _pool(threads).map(function, range(count))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that stay: to start them took as long as a short chunk."""
    return ThreadPoolExecutor(threads, thread_name_prefix="chains")


def stack(trees: list) -> Any:
    """Stack pytrees of arrays along a new first axis, as NumPy."""
    return jax.tree.map(lambda *a: np.stack([np.asarray(x) for x in a]), *trees)


def take(tree: Any, chain: int) -> Any:
    """Return one chain of a stacked pytree."""
    return jax.tree.map(lambda a: a[chain], tree)


def repeated(tree: Any, times: int) -> Any:
    """Repeat each chain of a stacked pytree so many times, next to each other."""
    return jax.tree.map(lambda a: np.repeat(a, times, axis=0), tree)
