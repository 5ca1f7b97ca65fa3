"""The differences on purpose. Each names a row of docs/src/differences.md, "What clients see"."""

# The row's first cell; which requests (a pattern of "configuration: request"); our answer (a pattern) and, put in its
# place, theirs.
ALLOWED = []
