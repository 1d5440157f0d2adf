"""Readers by format: bytes on disk to lines, rows, sentences and images. They know no task."""
