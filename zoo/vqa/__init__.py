"""Visual question answering: images and questions as batches, the model, its rows, pictures and answers."""
