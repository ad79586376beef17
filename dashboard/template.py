"""What a page's HTML has beside Panel Material UI's own: what makes it quicker."""

from pathlib import Path

import panel_material_ui as pmui

_LOADER = """
  #loader { background: none; pointer-events: none }
  body.controlled #loader:not(.error) { display: none !important }
"""
"""What turns while a page loads would lie on it, and take every click, until the last
plot is painted, seconds after the controls are there."""

_IMPORT = """
    window.importShim = Object.assign((url) => import(url), {addImportMap() {}})
"""
"""Browsers import modules by themselves. Panel's help for those that could not looks
for what a browser can, and reads the largest script twice. Nothing here needs a map."""

_LAYOUT, _OPENING = (
    Path(__file__).with_name(name).read_text("utf-8")
    for name in ("layout.js", "opening.js")
)


def template() -> str:
    """Return the template of the page, as Jinja reads it."""
    script = str(pmui.Page._render_esm(server=True))
    return f"""{{% extends "base.html" %}}
{{% block loader_css %}}
  {{{{ super() }}}}{_LOADER}
{{% endblock %}}
{{% block preamble %}}
  {{{{ super() }}}}
  <link rel="modulepreload" href="{script}">
{{% endblock %}}
{{% block js_resources %}}
  {{{{ super() }}}}
  <script>{_IMPORT}{_LAYOUT}{_OPENING}</script>
{{% endblock %}}"""
