"""A static site in which an exported model answers in the browser."""

from charseq.interop.onnx.web.runtime import runtime_files
from charseq.interop.onnx.web.site import refuse_site, write_site

__all__ = ["refuse_site", "runtime_files", "write_site"]
