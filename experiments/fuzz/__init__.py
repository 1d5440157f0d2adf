"""Random and damaged inputs, by the thousand, for all that reads what users give."""
