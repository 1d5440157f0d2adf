"""Runs that start from other runs: the options that follow from these, their weights, and what is kept of them."""
