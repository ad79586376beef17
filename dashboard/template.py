"""What a page's HTML has beside Panel Material UI's own: what makes it quicker."""

from pathlib import Path

import panel_material_ui as pmui

_LOADER = """
  #loader { background: none; pointer-events: none }
  body.controlled #loader:not(.error) { display: none !important }
"""
"""What turns while a page loads would lie on it, and take every click, until the last
plot is painted, seconds after the controls are there."""

_ONE_IMPORT = """
    const shim = window.importShim
    const own = (url) => url.endsWith("SCRIPT".slice(1))
    window.importShim = Object.assign(
      (url, ...more) => own(url) ? import(url) : shim(url, ...more), shim
    )
"""
"""The largest script would be asked for by the others, when they are read, and then be
read twice: by what helps browsers that cannot import modules by themselves."""

_LAYOUT = Path(__file__).with_name("layout.js").read_text("utf-8")


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
  <script>{_ONE_IMPORT.replace("SCRIPT", script)}{_LAYOUT}</script>
{{% endblock %}}"""
