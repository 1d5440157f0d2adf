"""What tasks share whose answers are sentences: tokens in batches, the decoder, the search, its options and rows."""
