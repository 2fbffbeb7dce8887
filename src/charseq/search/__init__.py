"""Finding answers: every search drives the model's one `step` and nothing else of it."""

from charseq.hypothesis import Hypothesis
from charseq.search.beam import beam_search
from charseq.search.engine import TorchEngine
from charseq.search.greedy import greedy
from charseq.search.sampling import sample

__all__ = ["Hypothesis", "TorchEngine", "beam_search", "greedy", "sample"]
