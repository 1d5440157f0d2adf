"""The parts of the translation task: batches of pairs, the model, scores, pictures, what it answers."""
