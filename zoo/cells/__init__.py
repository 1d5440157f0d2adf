"""One step of recurrence each. A module that exports `CELL` is a cell named as its file (`--cell gru`)."""
