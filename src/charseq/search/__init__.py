"""Finding answers: every search drives the model through its `step` and nothing else."""

from charseq.hypothesis import Hypothesis
from charseq.search.beam import beam_search
from charseq.search.engine import TorchEngine
from charseq.search.greedy import greedy
from charseq.search.sampling import sample

__all__ = ["Hypothesis", "TorchEngine", "beam_search", "greedy", "sample"]
