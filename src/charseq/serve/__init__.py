"""Models over HTTP: answers to many clients at once, and a page for trying models."""

from charseq.serve.application import create_application
from charseq.serve.models import ServedModel, load_served, named_paths

__all__ = ["ServedModel", "create_application", "load_served", "named_paths"]
