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
    log_cluster,
    window_nodes,
)
from inference.quadrature.field import (
    field_and_slope,
    field_expansion,
    field_moments,
    field_nodes,
    field_series,
    log_field,
)
from inference.quadrature.hermite import NODES as HERMITE_NODES
from inference.quadrature.hermite import distance_moments, hermite_nodes
from inference.quadrature.priors import HALF_LOG_TWO_PI
from inference.quadrature.stars import StarNodes, in_blocks, star_nodes
from inference.quadrature.windows import NODES

__all__ = [
    "HALF_LOG_TWO_PI",
    "HERMITE_NODES",
    "NODES",
    "WIDE",
    "StarNodes",
    "cluster_and_slopes",
    "cluster_bound",
    "cluster_expansion",
    "distance_moments",
    "field_and_slope",
    "field_expansion",
    "field_moments",
    "field_nodes",
    "field_series",
    "hermite_nodes",
    "in_blocks",
    "log_cluster",
    "log_field",
    "star_nodes",
    "window_nodes",
]
