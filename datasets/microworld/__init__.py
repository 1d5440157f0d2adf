"""The embedded data: one small generative world of coloured shapes, with a module for each view of it."""

DATASET = "the embedded data, synthetic: a small world of coloured shapes"
