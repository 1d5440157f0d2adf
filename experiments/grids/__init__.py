"""Comparisons worth repeating: each file states its command, how long it takes and what to expect."""
