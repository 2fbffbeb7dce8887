"""The Keras example's model as one would first write it in PyTorch.

Two `nn.LSTM`, one-hot characters, everything padded to the longest, and cross-entropy over every
position. Prints one JSON object an epoch: its seconds with and without the held-out loss.
"""

import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.contestant import contestant_arguments, tell
from benchmarks.example import BATCH_SIZE, UNITS, padded_pairs, read_example


class PaddedLSTM(nn.Module):
    """The encoder's last state starts the decoder."""

    def __init__(self, source_symbols: int, target_symbols: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(source_symbols, UNITS, batch_first=True)
        self.decoder = nn.LSTM(target_symbols, UNITS, batch_first=True)
        self.output = nn.Linear(UNITS, target_symbols)

    def forward(self, sources: Tensor, inputs: Tensor) -> Tensor:
        """Return logits, (batch, target time, symbols), of one-hot sources and inputs."""
        _, state = self.encoder(sources)
        states, _ = self.decoder(inputs, state)
        return self.output(states)


def main() -> None:
    """Train on a corpus's first pairs."""
    chosen = contestant_arguments(__doc__.splitlines()[0]).parse_args()
    data = padded_pairs(read_example(chosen.corpus, chosen.limit).split)
    sources = functional.one_hot(torch.from_numpy(data.sources), data.source_symbols).float()
    inputs = functional.one_hot(torch.from_numpy(data.inputs), data.target_symbols).float()
    wanted = torch.from_numpy(data.wanted)
    model = PaddedLSTM(data.source_symbols, data.target_symbols)
    optimiser = torch.optim.Adam(model.parameters())

    def loss(rows: Tensor) -> Tensor:
        logits = model(sources[rows], inputs[rows])
        return functional.cross_entropy(logits.flatten(0, 1), wanted[rows].flatten())

    held_out = torch.arange(data.training, len(wanted))
    for _ in range(chosen.epochs):
        began = time.perf_counter()
        losses = []
        for rows in torch.randperm(data.training).split(BATCH_SIZE):
            optimiser.zero_grad()
            step = loss(rows)
            step.backward()
            optimiser.step()
            losses.append(step.detach())
        trained = time.perf_counter()
        with torch.inference_mode():
            held_out_losses = [loss(rows) * len(rows) for rows in held_out.split(BATCH_SIZE)]
        tell(
            training_seconds=trained - began,
            seconds=time.perf_counter() - began,
            loss=float(torch.stack(losses).mean()),
            val_loss=float(torch.stack(held_out_losses).sum() / len(held_out)),
        )


if __name__ == "__main__":
    main()
