"""Time series from tables: time stamps, their steps and gaps, numbers as people write them, the roles of columns."""
