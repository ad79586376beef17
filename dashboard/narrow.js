// Where the controls would lie over the page, it opens without them.
//
// Only the browser knows how wide its window is. Material UI lets the drawer cover the
// page below this width, and else gives it a place beside.
{
  const {Document} = Bokeh.require("document/document")
  const roots = Document.prototype
  const add = roots.add_root
  roots.add_root = function (root, options) {
    if (root.data?.sidebar_open && matchMedia("(max-width: 599.95px)").matches) {
      root.data.sidebar_open = false
    }
    return add.call(this, root, options)
  }
}
