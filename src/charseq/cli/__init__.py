"""The command line: thin wrappers over importable functions."""
