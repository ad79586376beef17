// How a page opens in a browser, which alone knows its window and its person's wishes.
{
  const {Document} = Bokeh.require("document/document")
  const roots = Document.prototype
  const add = roots.add_root
  roots.add_root = function (root, options) {
    const page = root.data
    // Below this width Material UI lets the controls lie over the page.
    if (page?.sidebar_open && matchMedia("(max-width: 599.95px)").matches) {
      page.sidebar_open = false
    }
    // Of this the server is told when it can be (views/browser.py): it draws the plots.
    if (page?.dark_theme === false && matchMedia("(prefers-color-scheme: dark)").matches) {
      page.dark_theme = true
    }
    return add.call(this, root, options)
  }
}
