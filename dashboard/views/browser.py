"""What only the browser can do: hear keys, and say in its address what is looked at."""

from collections.abc import Callable, Mapping

import param
from panel.custom import JSComponent


class Browser(JSComponent):
    """Keys that act wherever the page has the focus, and the page's address.

    Parameters
    ----------
    acts : mapping of str to callable
        What each key does. Keys that are typed into a field are the field's.
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

    export function render({model}) {
      const hear = (event) => {
        const plain = !event.ctrlKey && !event.metaKey && !event.altKey
        // Where the key was pressed, behind the borders of components.
        if (plain && !event.repeat && !typing(event.composedPath()[0])) {
          model.send_msg({key: event.key})
        }
      }
      const say = () => {
        const {pathname, hash} = window.location
        history.replaceState(history.state, "", pathname + model.search + hash)
      }
      document.addEventListener("keydown", hear)
      model.on("search", say)
      model.on("remove", () => document.removeEventListener("keydown", hear))
      return document.createElement("span")
    }
    """

    def __init__(self, acts: Mapping[str, Callable[[], None]], **params):
        super().__init__(**params)
        self._acts = acts

    def _handle_msg(self, data) -> None:
        act = self._acts.get(str(data.get("key")))
        if act is not None:
            act()
