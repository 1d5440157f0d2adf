"""What surrounds a run: its directory, its signals, its progress, its device, its figures on disk."""
