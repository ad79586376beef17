"""Imports go one way: app -> dashboard -> {inference, data}."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = {"panel", "panel_material_ui", "param", "holoviews", "bokeh", "dashboard"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names.add(node.module or "")
    return names


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no files in {folder}"
    return found


@pytest.mark.parametrize("path", files("inference"), ids=str)
def test_inference_knows_neither_page_nor_data(path):
    # The headless program is where inference and data are joined.
    forbidden = PAGE if path.name == "__main__.py" else PAGE | {"data"}
    assert not roots(path) & forbidden


@pytest.mark.parametrize("path", files("data"), ids=str)
def test_data_knows_neither_page_nor_inference(path):
    assert not roots(path) & (PAGE | {"inference", "jax", "numpyro"})


@pytest.mark.parametrize("path", files("dashboard"), ids=str)
def test_the_page_computes_nothing_with_jax(path):
    assert not roots(path) & {"jax", "numpyro"}
    heavy = {
        "inference.begin",
        "inference.chains",
        "inference.chunks",
        "inference.devices",
        "inference.laplace",
        "inference.models",
        "inference.nuts",
        "inference.programs",
        "inference.starts",
        "inference.tables",
        "inference.worker",
    }
    assert not imported(path) & heavy


@pytest.mark.parametrize("path", files("dashboard/figures"), ids=str)
def test_figures_know_neither_page_nor_packages(path):
    assert not roots(path) & {
        "panel",
        "panel_material_ui",
        "param",
        "inference",
        "data",
    }


def test_the_app_is_short():
    assert len((ROOT / "app.py").read_text().splitlines()) <= 40
