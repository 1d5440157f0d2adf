"""Examples to arrays: sequences in batches, texts to token ids, images to the size of the model."""
