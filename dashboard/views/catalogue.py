"""Which stars: the table, its cut and zero-point, and the choice of one star."""

from concurrent.futures import Future
from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard.experiment import PARALLAX_SPAN, ZERO_POINTS, Experiment
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.turns import beside_turns
from dashboard.views.layout import FIELD, WIDE
from dashboard.views.one_way import Button
from dashboard.views.text import Sentence, notify
from data import (
    M67_QUERY,
    Catalogue,
    DataError,
    fetch_m67,
    load_simulated,
    parse_catalogue,
    read_catalogue,
    zero_points,
)

SMALL = {"size": "small", "margin": (4, 10), **WIDE}


class CatalogueControls(Viewer):
    """The table of a session, and what of it is used.

    Parameters
    ----------
    session : Session
    star : bool
        Whether one star is chosen, rather than a cut through all.
    """

    def __init__(self, session: Session, star: bool):
        super().__init__()
        self._session = session
        experiment = session.experiment
        snapshot = session.param.snapshot
        # What is in use is said above it: a file may have been refused.
        upload = pmui.FileInput(
            label="Upload a table",
            uploaded_label="Upload a table",
            accept=".fits,.gz,.csv",
            variant="outlined",
            **SMALL,
        )
        upload.param.watch(self._upload, "value")
        self._fetch = pmui.Button(
            label="Fetch M67 from the Gaia archive",
            description=f"Asks the archive, once: {M67_QUERY}",
            variant="outlined",
            on_click=self._ask_archive,
            **SMALL,
        )
        simulated = pmui.Button(
            label="Back to the simulated field",
            variant="text",
            visible=experiment.param.catalogue.rx.pipe(lambda c: not c.simulated),
            on_click=lambda _: self._use(load_simulated()),
            **SMALL,
        )
        use = _one_star(experiment) if star else _cut(experiment)
        describe = _describe_star if star else _describe_cut
        self._layout = pn.Column(
            Sentence(experiment.param.catalogue.rx.pipe(_describe_table), weight=500),
            *use,
            Sentence(snapshot.rx.pipe(describe)),
            self._fetch,
            upload,
            simulated,
            **WIDE,
        )

    def _use(self, catalogue: Catalogue) -> None:
        self._session.experiment.param.update(catalogue=catalogue, star=None)

    def _upload(self, event) -> None:
        if not event.new:
            return
        name = str(event.obj.filename or "upload")

        def take_up(read: Future[Catalogue]) -> None:
            # The bytes of a table are no longer needed once it is read.
            event.obj.value = None
            self._take_up(read)

        beside_turns(partial(parse_catalogue, event.new, name), take_up)

    def _ask_archive(self, _) -> None:
        self._fetch.loading = True

        def take_up(read: Future[Catalogue]) -> None:
            self._fetch.loading = False
            self._take_up(read)

        beside_turns(lambda: read_catalogue(fetch_m67()), take_up)

    def _take_up(self, read: Future[Catalogue]) -> None:
        try:
            self._use(read.result())
        except DataError as error:
            notify(error)

    def __panel__(self):
        return self._layout


def _cut(experiment: Experiment) -> list:
    constant = experiment.param.zero_point.rx() == "constant"
    return [
        pmui.EditableRangeSlider.from_param(
            experiment.param.cut,
            start=PARALLAX_SPAN[0],
            end=PARALLAX_SPAN[1],
            step=0.05,
            sx=FIELD,
            **SMALL,
        ),
        pmui.Select.from_param(
            experiment.param.zero_point,
            options={label: name for name, label in ZERO_POINTS.items()},
            **SMALL,
        ),
        pmui.EditableFloatSlider.from_param(
            experiment.param.zero_point_value,
            step=0.001,
            format="0.000",
            visible=constant,
            sx=FIELD,
            **SMALL,
        ),
    ]


def _one_star(experiment: Experiment) -> list:
    own = experiment.param.star.rx.pipe(lambda star: star is None)
    from_table = experiment.param.star.rx.pipe(lambda star: star is not None)
    choose = Button(
        label=from_table.rx.where(
            "Type a parallax instead", "Take a star of the table"
        ),
        variant="outlined",
        on_click=lambda _: experiment.param.update(
            star=0 if experiment.star is None else None
        ),
        **SMALL,
    )
    return [
        choose,
        pmui.IntInput.from_param(
            experiment.param.star,
            label="Number of the star in the table",
            visible=from_table,
            **SMALL,
        ),
        pmui.EditableFloatSlider.from_param(
            experiment.param.star_parallax,
            start=-2.0,
            end=10.0,
            step=0.01,
            visible=own,
            sx=FIELD,
            **SMALL,
        ),
        pmui.EditableFloatSlider.from_param(
            experiment.param.star_error,
            start=0.01,
            end=3.0,
            step=0.01,
            visible=own,
            sx=FIELD,
            **SMALL,
        ),
    ]


def _describe_table(catalogue: Catalogue) -> str:
    text = f"{catalogue.name}: {len(catalogue):,} stars."
    if catalogue.simulated:
        text += " These are not observations."
    if catalogue.left_out:
        text += (
            f" {catalogue.left_out:,} rows without a finite parallax and a positive "
            "error are left out."
        )
    return text


def _describe_cut(snapshot: Snapshot) -> str:
    if snapshot.complaint:
        return snapshot.complaint
    if snapshot.fitted is None or snapshot.catalogue is None or snapshot.spec is None:
        return ""
    also = " and not left out" if "left_out" in snapshot.spec.data else ""
    text = f"{snapshot.fitted.sum():,} stars kept by the cut{also}."
    choice = snapshot.spec.data.get("zero_point")
    if choice == "lindegren2021":
        points = zero_points(snapshot.catalogue.where(snapshot.fitted), choice)
        median = 1000 * np.median(points.values)
        text += f" Median zero-point {median:.0f} µas;"
        text += (
            f" {points.extrapolated:,} extrapolated, {points.missing:,} without one."
        )
    return text


def _describe_star(snapshot: Snapshot) -> str:
    if snapshot.complaint:
        return snapshot.complaint
    if snapshot.catalogue is None or snapshot.star is None:
        return "Or click a star in the colour-magnitude diagram."
    table, index = snapshot.catalogue, snapshot.star
    if not 0 <= index < len(table):
        return ""
    return (
        f"Star {index}: parallax {table.parallax[index]:.3f} ± "
        f"{table.parallax_error[index]:.3f} mas, G = {table.g_mag[index]:.2f}."
    )
