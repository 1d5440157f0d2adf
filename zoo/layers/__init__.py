"""Layers that know no cell by name: the recurrent layer and its engines, pooling over time."""
