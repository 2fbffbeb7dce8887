"""Other programs' model files, read and written without those programs."""
