"""The likelihood of one parallax, with the star's distance integrated out.

A star's parallax ``y`` (zero-point subtracted, mas) is Normal about ``1000 / r`` with
error ``e``. Two integrals over the distance ``r`` [pc] make the mixture of a cluster:
that of the `field` and that of the `cluster` itself. Neither depends on where its nodes
are, so neither do the derivatives.

Arrays of nodes are ``(node, star)``: the long axis is contiguous and vectorises.
"""

from inference.quadrature.cluster import (
    WIDE,
    cluster_and_slopes,
    cluster_bound,
    cluster_expansion,
    cluster_moments,
    log_cluster,
)
from inference.quadrature.field import (
    field_and_slope,
    field_expansion,
    field_moments,
    field_nodes,
    field_series,
    log_field,
)
from inference.quadrature.priors import HALF_LOG_TWO_PI
from inference.quadrature.stars import StarNodes, in_blocks, star_nodes

__all__ = [
    "HALF_LOG_TWO_PI",
    "WIDE",
    "StarNodes",
    "cluster_and_slopes",
    "cluster_bound",
    "cluster_expansion",
    "cluster_moments",
    "field_and_slope",
    "field_expansion",
    "field_moments",
    "field_nodes",
    "field_series",
    "in_blocks",
    "log_cluster",
    "log_field",
    "star_nodes",
]
