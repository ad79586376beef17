// How Bokeh lays a page out, where only a part of it has changed.
//
// Bokeh writes the style sheets of the whole page over again, and measures all of it,
// whenever any part asks for a layout: a plot whose tick labels became wider, a text, a
// control that has appeared. The style sheets are emptied and filled, so that the
// browser finds the looks of the page anew, though nearly all say what they said before.
{
  const {InlineStyleSheet} = Bokeh.require("core/dom")
  const {LayoutDOMView} = Bokeh.require("models/layouts/layout_dom")
  const sheets = InlineStyleSheet.prototype
  const views = LayoutDOMView.prototype

  // A style sheet is written where the last word on it differs from what it says.
  let told = null
  const write = sheets._update
  Object.defineProperty(sheets, "css", {
    get() { return told?.get(this) ?? this.el.textContent },
  })
  sheets._update = function (css) {
    if (told !== null) {
      told.set(this, css)
    } else if (this.el.textContent !== css) {
      write.call(this, css)
    }
  }
  const update = views.update_layout
  views.update_layout = function () {
    if (told !== null) {
      return update.call(this)
    }
    told = new Map()
    try {
      update.call(this)
    } finally {
      const last = told
      told = null
      last.forEach((css, sheet) => sheet._update(css))
    }
  }

  // A part that takes its place as before is laid out by itself: the browser moves what
  // is beside it, and tells every part whose own size changes with it.
  const inside = (view) => view.parent instanceof LayoutDOMView
  const compute = views.compute_layout
  views.compute_layout = function () {
    if (!inside(this)) {
      return compute.call(this)
    }
    this.measure_layout()
    this.update_bbox()
    this._compute_layout()
    this.after_layout()
    this._layout_computed = true
    this.notify_finished()
  }
  const invalidate = views.invalidate_layout
  views.invalidate_layout = function () {
    if (!inside(this)) {
      return invalidate.call(this)
    }
    const place = this.style.css
    this.update_layout()
    if (this.style.css === place) {
      this.compute_layout()
    } else {
      this.parent.invalidate_layout()
    }
  }
}
