"""The programs that a reader of the published examples runs: one `MCMC` call.

Written from the models' definitions, apart from `inference`; every run compiles anew,
as theirs do. ``python -m benchmarks.published cluster DATA.npz WARMUP DRAWS`` prints
what it measured as JSON.
"""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS
from numpyro_ext.distributions import MixtureGeneral


def cluster(parallax, error):
    """Sample the distance of every star of a cluster and of the field."""
    log_l = jnp.asarray(numpyro.sample("log_L", dist.Normal(jnp.log(370.0), 2.0)))
    log_dist = numpyro.sample("log_dist_clust", dist.Normal(jnp.log(920.0), 2.0))
    log_sigma = numpyro.sample("log_sigma", dist.Normal(0.0, 2.0))
    fraction = jnp.asarray(numpyro.sample("frac_clust", dist.Uniform(0.0, 1.0)))
    numpyro.deterministic("L", jnp.exp(log_l))
    numpyro.deterministic("dist_clust", jnp.exp(log_dist))
    numpyro.deterministic("approx_size_clust", jnp.exp(log_sigma + log_dist))
    mixture = MixtureGeneral(
        dist.Categorical(probs=jnp.stack([fraction, 1.0 - fraction])),
        [
            dist.LogNormal(log_dist, jnp.exp(log_sigma)),
            dist.Gamma(3.0, jnp.exp(-log_l)),
        ],
    )
    with numpyro.plate("star", parallax.shape[0]):
        distance = numpyro.sample("distance", mixture)
        numpyro.sample("parallax", dist.Normal(1000.0 / distance, error), obs=parallax)


def line_outliers(x, y, yerr, width):
    """Fit a line and outliers; ``width`` is that of the prior of b_perp."""
    theta = numpyro.sample("theta", dist.Uniform(-np.pi / 2, np.pi / 2))
    b_perp = numpyro.sample("b_perp", dist.Normal(0.0, width))
    slope = numpyro.deterministic("m", jnp.tan(theta))
    intercept = numpyro.deterministic("b", b_perp / jnp.cos(theta))
    bg_mean = numpyro.sample("bg_mean", dist.Normal(0.0, 1.0))
    bg_sigma = numpyro.sample("bg_sigma", dist.HalfNormal(3.0))
    fraction = jnp.asarray(numpyro.sample("Q", dist.Uniform(0.0, 1.0)))
    mixture = MixtureGeneral(
        dist.Categorical(probs=jnp.stack([fraction, 1.0 - fraction])),
        [
            dist.Normal(slope * x + intercept, yerr),
            dist.Normal(bg_mean, jnp.sqrt(bg_sigma**2 + yerr**2)),
        ],
    )
    numpyro.sample("y", mixture, obs=y)


def main() -> None:
    """Run one program and print draws' effective size and seconds."""
    problem, path, warmup, draws = sys.argv[1:]
    chains = 2 if problem == "cluster" else 4
    jax.config.update("jax_enable_x64", True)
    numpyro.set_host_device_count(chains)
    with np.load(path) as arrays:
        data = {name: jnp.asarray(arrays[name]) for name in arrays.files}
    sampler = MCMC(
        NUTS({"cluster": cluster, "line_outliers": line_outliers}[problem]),
        num_warmup=int(warmup),
        num_samples=int(draws),
        num_chains=chains,
        chain_method="parallel",
        progress_bar=False,
    )
    if problem == "cluster":
        clock = time.perf_counter()
        sampler.run(jax.random.PRNGKey(11), data["parallax"], data["error"])
    else:
        # The second run, with another prior, is the one to time.
        for width in (1.0, 0.9):
            clock = time.perf_counter()
            sampler.run(jax.random.PRNGKey(11), **data, width=jnp.asarray(width))
    found = sampler.get_samples(group_by_chain=True)
    jax.block_until_ready(found)
    seconds = time.perf_counter() - clock
    scalars = {k: np.asarray(v).tolist() for k, v in found.items() if v.ndim == 2}
    json.dump({"seconds": seconds, "draws": scalars}, sys.stdout)


if __name__ == "__main__":
    main()
