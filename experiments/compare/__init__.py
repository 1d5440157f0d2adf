"""Grids of runs: each in a process of its own, scheduled by Dask, stopped and gone on with at any time."""
