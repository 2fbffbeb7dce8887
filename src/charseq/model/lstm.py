"""An LSTM that reads one-hot characters, as a whole sequence or symbol by symbol."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from charseq.model.state import State


class CharacterLSTM(nn.Module):
    """One LSTM layer over one-hot symbols, initialised as Keras does.

    Kernels start Glorot uniform (Glorot & Bengio 2010), recurrent kernels orthogonal (Saxe et al.
    2013), the forget gate's bias at one (Jozefowicz et al. 2015). `nn.LSTM` has two biases where
    the equations have one; the second is held at zero.
    """

    one_hot: Tensor

    def __init__(self, symbols: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(symbols, units)
        _, _, _, second_bias = self.lstm.all_weights[0]
        nn.init.zeros_(second_bias.requires_grad_(False))
        # One row more: the id past the last symbol reads as zeros.
        self.register_buffer("one_hot", torch.eye(symbols + 1, symbols), persistent=False)

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights."""
        input_weight, recurrent_weight, bias, _ = self.lstm.all_weights[0]
        units = self.lstm.hidden_size
        nn.init.xavier_uniform_(input_weight, generator=generator)
        nn.init.orthogonal_(recurrent_weight, generator=generator)
        nn.init.zeros_(bias)[units : 2 * units] = 1

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read whole sequences in one fused call.

        Args:
            ids: (batch, time).
            state: where to start; zeros if None.

        Returns:
            The outputs, (time, batch, units), and the last state.
        """
        start = None if state is None else (state.hidden[None], state.cell[None])
        outputs, (hidden, cell) = self.lstm(functional.embedding(ids.t(), self.one_hot), start)
        return outputs, State(hidden[0], cell[0])

    def step(self, ids: Tensor, state: State) -> State:
        """Read one symbol per row, (batch,), without the fixed cost of an `nn.LSTM` call."""
        input_weight, recurrent_weight, bias, _ = self.lstm.all_weights[0]
        # A one-hot product is a column of the input weights.
        read = input_weight.index_select(1, ids).t() + bias
        gates = torch.addmm(read, state.hidden, recurrent_weight.t())
        enter, keep, candidate, leave = gates.chunk(4, dim=1)
        cell = torch.sigmoid(keep) * state.cell + torch.sigmoid(enter) * torch.tanh(candidate)
        return State(torch.sigmoid(leave) * torch.tanh(cell), cell)
