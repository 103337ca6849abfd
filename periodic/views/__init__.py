"""The workshop's pages, and what machines ask."""
