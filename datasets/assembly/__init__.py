"""Examples of one kind, from any source, checked and split into train, dev and test."""
