"""What only the browser can do: hear keys, know how its person wants pages to look, and
say in its address what is looked at.
"""

from collections.abc import Callable, Mapping

import param
from panel.custom import JSComponent


class Browser(JSComponent):
    """Keys that act wherever the page has the focus, and the page's address.

    It stands where the main part begins: the page's first stop of the Tab key is a link
    to here, past the header and the controls.

    Parameters
    ----------
    acts : mapping of str to callable
        What each key does. Keys that are typed into a field are the field's.
    darken : callable
        Called where pages are wanted dark.
    search : str
        The query of the address. It takes the place of the last one, so that the
        browser's Back leaves the page as ever.
    """

    search = param.String()

    _esm = """
    const TYPED = ["text", "number", "search", "password", "email", "url", "tel"]
    const OWN = '[role=listbox], [role=menu], [role=combobox], [contenteditable]'

    function typing(target) {
      if (target.tagName === "INPUT") return TYPED.includes(target.type)
      if (["TEXTAREA", "SELECT"].includes(target.tagName)) return true
      return target.closest !== undefined && target.closest(OWN) !== null
    }

    // A field of numbers takes Enter for its end, though the cursor stays in it: what
    // was typed there after that would be shown, but never taken.
    function comeBack(field) {
      setTimeout(() => {
        if (field.getRootNode().activeElement !== field) return
        const {selectionStart, selectionEnd} = field
        field.blur()
        field.focus()
        field.setSelectionRange(selectionStart, selectionEnd)
      })
    }

    export function render({model}) {
      const hear = (event) => {
        const plain = !event.ctrlKey && !event.metaKey && !event.altKey
        // Where the key was pressed, behind the borders of components.
        const target = event.composedPath()[0]
        if (typing(target)) {
          // Only of such fields does a browser tell the selection.
          if (event.key === "Enter" && target.type === "text") comeBack(target)
        } else if (plain && !event.repeat) {
          model.send_msg({key: event.key})
        }
      }
      const say = () => {
        const {pathname, hash} = window.location
        history.replaceState(history.state, "", pathname + model.search + hash)
      }
      const here = document.createElement("span")
      here.tabIndex = -1
      here.setAttribute("role", "group")
      here.setAttribute("aria-label", "Run, data and posterior")
      here.style.outline = "none"
      const skip = document.createElement("a")
      skip.href = "#"
      skip.textContent = "Skip the controls"
      skip.addEventListener("click", (event) => {
        event.preventDefault()
        here.focus()
        here.scrollIntoView({block: "nearest"})
      })
      const looks = "position:fixed;left:8px;z-index:9999;padding:8px 12px;" +
        "background:#fff;color:#0b57a4;font:600 14px sans-serif;top:"
      const show = (shown) => { skip.style.cssText = looks + (shown ? "8px" : "-99px") }
      skip.addEventListener("focus", () => show(true))
      skip.addEventListener("blur", () => show(false))
      show(false)
      document.body.prepend(skip)
      // The page's template waits for this to take away what turns while it loads.
      document.body.classList.add("controlled")
      if (window.matchMedia("(prefers-color-scheme: dark)").matches) {
        model.send_msg({scheme: "dark"})
      }
      document.addEventListener("keydown", hear)
      model.on("search", say)
      model.on("remove", () => {
        document.removeEventListener("keydown", hear)
        skip.remove()
      })
      return here
    }
    """

    def __init__(
        self,
        acts: Mapping[str, Callable[[], None]],
        darken: Callable[[], None],
        **params,
    ):
        super().__init__(height=0, margin=0, **params)
        self._acts, self._darken = acts, darken

    def _handle_msg(self, data) -> None:
        if data.get("scheme") == "dark":
            self._darken()
        act = self._acts.get(str(data.get("key")))
        if act is not None:
            act()
