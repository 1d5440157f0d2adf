"""Readers by format: bytes on disk to lines, rows, sentences, series and images. They know no task."""
