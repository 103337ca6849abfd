"""The owner's pages of the books: statements, entries, journals, periods. One edge, one action."""
