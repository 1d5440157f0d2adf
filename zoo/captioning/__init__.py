"""The parts of the captioning task: batches of captions, the model, scores, pictures, what it answers."""
