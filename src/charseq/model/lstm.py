"""An LSTM that reads one-hot characters, as a whole sequence or symbol by symbol."""

from typing import NamedTuple

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

    @torch.no_grad()
    def stepper(self) -> "LSTMStepper":
        """Lay the weights out for reading one symbol at a time."""
        input_weight, recurrent_weight, bias, _ = self.lstm.all_weights[0]
        units = self.lstm.hidden_size
        # From PyTorch's i, f, g, o to i, f, o, 2g.
        order = torch.arange(4 * units, device=bias.device).view(4, units)[[0, 1, 3, 2]].flatten()
        scale = torch.ones_like(bias)
        scale[3 * units :] = 2
        kernel = input_weight.new_zeros(len(self.one_hot), 4 * units)
        kernel[:-1] = input_weight.t()
        return LSTMStepper(
            table=(kernel + bias)[:, order] * scale,
            recurrent=recurrent_weight.t()[:, order] * scale,
        )


class LSTMStepper(NamedTuple):
    """An LSTM that reads one symbol a row, without the fixed cost of an `nn.LSTM` call.

    The gates stand in the order i, f, o, g, with twice the g: as tanh(x) = 2σ(2x) − 1, one sigmoid
    serves all four, and on CPUs it is several times faster than a tanh.

    Attributes:
        table: what each symbol and the bias add to the gates, (symbols + 1, 4 · units).
        recurrent: what the hidden state adds to them, (units, 4 · units).
    """

    table: Tensor
    recurrent: Tensor

    def __call__(self, ids: Tensor, state: State) -> State:
        """Read one symbol per row, (batch,)."""
        gates = self.table.index_select(0, ids).addmm_(state.hidden, self.recurrent).sigmoid_()
        enter, keep, leave, candidate = gates.chunk(4, dim=1)
        # keep · cell + enter · (2 · candidate − 1)
        cell = torch.mul(keep, state.cell).addcmul_(enter, candidate, value=2).sub_(enter)
        hidden = (2 * cell).sigmoid_().mul_(2).sub_(1).mul_(leave)
        return State(hidden, cell)
