"""The network: `encode`, `step` and `forward`, which everything else builds on."""

from charseq.model.decoder import Aligned
from charseq.model.seq2seq import Seq2Seq
from charseq.model.state import Memory, State, Step

__all__ = ["Aligned", "Memory", "Seq2Seq", "State", "Step"]
