"""Users' files as examples: a module for each set of fields (see `datasets.sources`)."""
