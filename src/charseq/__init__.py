"""charseq: a two-column text file becomes a model that rewrites strings."""

__version__ = "0.1.0"
