"""A value and gradient of 10³ to 10⁶ stars: ``python -m benchmarks.scale``.

Beyond `reduction.LARGE` stars the table is reduced; the error is that of the total log
likelihood, against the exact sum done in blocks, at the truth and about it. Ratios are
to 4300 stars, measured side by side. With ``--run``, in place of the curve, a whole run
of the largest table by a worker process: time, memory, and the truth.
"""

import argparse
import os
import resource
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from inference import devices, quadrature, reduction
from inference.engines import WorkerProcess
from inference.models import cluster
from inference.runner import Phase, Run
from inference.spec import RunSpec

SIZES = (1_000, 4_300, 10_000, 30_000, 100_000, 300_000, 1_000_000)
BASE = 4_300
TRUTH = np.array([np.log(490.0), np.log(860.0), np.log(0.02), -0.3])
SPREAD = np.array([0.1, 0.03, 0.3, 0.4])
"""Of the populations about it at which the error is measured."""
REPEATS = 60


def field(stars: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return parallaxes and errors like those about M67, but more of them [mas]."""
    rng = np.random.default_rng(seed)
    scale, distance, width = np.exp(TRUTH[:3])
    member = rng.random(stars) < 1 / (1 + np.exp(-TRUTH[3]))
    near = distance * np.exp(width * rng.standard_normal(stars))
    r = np.where(member, near, rng.gamma(3, scale, stars))
    error = np.exp(rng.normal(np.log(0.2), 1.2, stars)).clip(0.0095, 4.5)
    return rng.normal(1000 / r, error), error


def exact_totals(parallax, error, thetas) -> np.ndarray:
    """Sum all stars' log likelihoods in blocks, (population,)."""
    totals = np.zeros(len(thetas))
    for stars in quadrature.in_blocks(parallax, error, reduction.BLOCK):
        block = _placed(stars)
        totals += [float(_value(block, theta)[0]) for theta in thetas]
    return totals


_value = jax.jit(cluster.sum_and_gradient)


def _placed(nodes):
    return jax.tree.map(jnp.asarray, nodes)


def _seconds(nodes, base) -> tuple[float, float]:
    """Return the best times of a value and gradient, in turns with the base's."""
    times = ([], [])
    for _ in range(REPEATS + 1):
        for table, into in zip((nodes, base), times, strict=True):
            clock = time.perf_counter()
            jax.block_until_ready(_value(table, TRUTH))
            into.append(time.perf_counter() - clock)
    first, second = (min(t[1:]) for t in times)
    return first, second


def sample(stars: int) -> None:
    """Sample the posterior of a simulated table as the page does, and print it."""
    parallax, error = field(stars, 0)
    observed = {"parallax": parallax, "parallax_error": error}
    observed["zero_point"] = np.zeros(stars)
    spec = RunSpec.from_json(
        {"model": "cluster", "sampler": {"chains": 4, "warmup": 100, "draws": 1000}}
    )
    executor = WorkerProcess()
    try:
        first = executor.submit(os.getpid).result()
        clock = time.perf_counter()
        record = Run(spec, observed, executor).wait(3600)
        seconds = time.perf_counter() - clock
        if record.phase is not Phase.DONE:
            raise RuntimeError(record.sentence)
        pid = executor.submit(os.getpid).result()
        if pid != first:
            raise RuntimeError("The worker was replaced on the way: it took too long.")
        status = Path(f"/proc/{pid}/status").read_text().split()
    finally:
        executor.shutdown()
    peak = int(status[status.index("VmHWM:") + 1]) / 1024
    print(f"{stars} stars, 4 x (100 + 1000): {seconds:.1f} s")
    print(f"Peak memory of the worker: {peak:.0f} MiB")
    print("                       truth       mean         sd  off by [sd]")
    distance = np.exp(TRUTH[1])
    truths = {
        "L": np.exp(TRUTH[0]),
        "dist_clust": distance,
        "approx_size_clust": distance * np.exp(TRUTH[2]),
        "frac_clust": 1 / (1 + np.exp(-TRUTH[3])),
    }
    for name, truth in truths.items():
        draws = record.draws[name]
        off = (draws.mean() - truth) / draws.std()
        print(
            f"{name:18s} {truth:9.4f}  {draws.mean():9.4f}  {draws.std():9.5f} "
            f"{off:9.2f}"
        )
    if record.stars is not None:
        share = record.stars.membership.mean()
        print(f"Mean membership of the stars: {share:.4f}")


def main() -> None:
    """Print the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--errors", action="store_true", help="slow: exact sums too")
    parser.add_argument("--run", action="store_true", help="a run, no curve")
    options = parser.parse_args()
    if options.run:
        sample(options.largest)
        return
    devices.configure()
    base = _placed(quadrature.star_nodes(*field(BASE, 0)))
    moved = SPREAD * np.random.default_rng(1).standard_normal((10, 4))
    thetas = np.concatenate([TRUTH[None], TRUTH + moved])
    print("   stars    rows  prepared [s]  gradient [ms]  ratio  error  peak [MiB]")
    for stars in SIZES:
        if stars > options.largest:
            break
        parallax, error = field(stars, 0)
        clock = time.perf_counter()
        large = stars > reduction.LARGE
        prepare = reduction.reduced_nodes if large else quadrature.star_nodes
        nodes = _placed(prepare(parallax, error))
        prepared = time.perf_counter() - clock
        seconds, of_base = _seconds(nodes, base)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        worst = "-"
        if large and options.errors:
            exact = exact_totals(parallax, error, thetas)
            reduced = np.array([float(_value(nodes, theta)[0]) for theta in thetas])
            worst = f"{np.abs(reduced - exact).max():.4f}"
        print(
            f"{stars:8d} {nodes.parallax.size:7d} {prepared:13.2f} "
            f"{seconds * 1e3:14.3f} {seconds / of_base:6.2f} {worst:>6} {peak:11.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
