"""What `experiments.probe` measures: a module for each probe, and what they share."""
