"""The parts of the language model: tokens, streams, the model, rows beside it, sampling, what it answers."""
