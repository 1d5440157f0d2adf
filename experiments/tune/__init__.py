"""Searches over options: each contestant at its best, chosen on dev alone, then compared on fresh seeds."""
