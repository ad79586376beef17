"""JAX's random numbers, the same to the bit, in straight code on a processor.

JAX hashes keys by Threefry-2x32 with twenty rounds (Salmon et al. 2011,
doi:10.1145/2063384.2063405). On processors it rolls the rounds in a loop, to compile
sooner. A leapfrog step of a small model draws two random numbers, and that loop, whose
every turn is a dozen little programs, took half of the step's time.
"""

from jax.extend.random import threefry2x32_p
from jax.interpreters import mlir

ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)
PARITY = 0x1BD11BDA


def threefry(key0, key1, x0, x1):
    """Hash counters.

    Parameters
    ----------
    key0, key1 : array of uint32
    x0, x1 : array of uint32
        The counters.

    Returns
    -------
    tuple of two arrays of uint32
    """
    keys = key0, key1, key0 ^ key1 ^ PARITY
    x0, x1 = x0 + key0, x1 + key1
    for group in range(5):
        for bits in ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = x0 ^ (x1 << bits | x1 >> 32 - bits)
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + keys[(group + 2) % 3] + (group + 1)
    return x0, x1


def unroll() -> None:
    """Have JAX hash so on this process's processor, once and for all programs."""
    rule = mlir.lower_fun(threefry, multiple_results=True)
    mlir.register_lowering(threefry2x32_p, rule, platform="cpu")
