"""Training: the loop, its learning rates, its checkpoint, predictions for a split, and the baselines beside."""
