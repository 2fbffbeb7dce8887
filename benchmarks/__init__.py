"""Commands that measure charseq beside its peers: `python -m benchmarks.training`."""
