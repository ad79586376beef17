"""Small parts of the page: built once, bound to the session's snapshot."""
