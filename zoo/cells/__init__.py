"""One step of recurrence each. A module that exports `CELL` is a cell; its file name is the cell's name (`--cell gru`)."""
