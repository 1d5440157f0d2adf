"""Experiments: what one learns from running the zoo."""
