"""The middle of the page: data and model on one side, the posterior on the other."""

from panel.viewable import Viewer

from dashboard.session import Session
from dashboard.views.cluster import ClusterCentre
from dashboard.views.line import LineCentre
from dashboard.views.star import StarCentre


def centre(session: Session, name: str) -> Viewer:
    """Build the middle of the page for a problem."""
    if name == "cluster":
        return ClusterCentre(session)
    if name == "star":
        return StarCentre(session)
    return LineCentre(session, name)
