"""LSTM and GRU layers: whole sequences in one fused call, or one symbol at a time."""

from typing import Literal, NamedTuple, cast

import torch
from torch import Generator, Tensor, nn

Cell = Literal["lstm", "gru"]

# Up to this many rows, the calls cost more than what they compute.
FEW_ROWS = 16


class Layer(nn.Module):
    """One layer of LSTM or GRU cells, initialised as Keras does.

    Kernels start Glorot uniform (Glorot & Bengio 2010), recurrent kernels orthogonal (Saxe et al.
    2013), the bias of the LSTM's forget gate at one (Jozefowicz et al. 2015). `nn.LSTM` has two
    biases where the equations have one; the second is held at zero.
    """

    def __init__(self, cell: Cell, inputs: int, units: int) -> None:
        super().__init__()
        self.cell = cell
        self.units = units
        self.fused = nn.LSTM(inputs, units) if cell == "lstm" else nn.GRU(inputs, units)
        if cell == "lstm":
            _, _, _, second_bias = self.fused.all_weights[0]
            nn.init.zeros_(second_bias.requires_grad_(False))

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights."""
        input_weight, recurrent_weight, bias, second_bias = self.fused.all_weights[0]
        nn.init.xavier_uniform_(input_weight, generator=generator)
        nn.init.orthogonal_(recurrent_weight, generator=generator)
        nn.init.zeros_(bias)
        nn.init.zeros_(second_bias)
        if self.cell == "lstm":
            bias[self.units : 2 * self.units] = 1

    def forward(
        self,
        vectors: Tensor,
        hidden: Tensor | None = None,
        cell: Tensor | None = None,
        inputs: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read whole sequences in one fused call.

        Args:
            vectors: what to read, (time, batch, inputs).
            hidden: where to start, (batch, units); zeros if None.
            cell: the LSTM's cell to start from, (batch, units); a GRU has none, (batch, 0).
            inputs: which of the layer's inputs the vectors are, all others being zeros; None: all.

        Returns:
            The outputs, (time, batch, units), and the last hidden and cell.
        """
        weights: list[Tensor] = list(self.fused.all_weights[0])
        if inputs is not None:
            weights[0] = weights[0].index_select(1, inputs)
        zeros = vectors.new_zeros(1, vectors.shape[1], self.units)
        first = zeros if hidden is None else hidden[None]
        # What `nn.LSTM` and `nn.GRU` call, which insist on all inputs; one layer, in one direction.
        how = (True, 1, 0.0, self.training, False, False)
        if self.cell == "lstm":
            start = (first, zeros if cell is None else cell[None])
            outputs, last, last_cell = torch.lstm(vectors, start, weights, *how)
            return outputs, last[0], last_cell[0]
        outputs, last = torch.gru(vectors, first, weights, *how)
        return outputs, last[0], last.new_empty(len(last[0]), 0)

    @torch.no_grad()
    def stepper(self) -> "LSTMStepper | GRUStepper":
        """Prepare the weights for reading one symbol at a time."""
        input_weight, recurrent_weight, bias, second_bias = self.fused.all_weights[0]
        if self.cell == "gru":
            return GRUStepper(
                input_weight.t().contiguous(), recurrent_weight.t().contiguous(), bias, second_bias
            )
        # From PyTorch's i, f, g, o to i, f, o, 2g.
        gates = torch.arange(4 * self.units, device=bias.device).view(4, self.units)
        order = gates[[0, 1, 3, 2]].flatten()
        scale = torch.ones_like(bias)
        scale[3 * self.units :] = 2
        return LSTMStepper(
            input_weight.t()[:, order] * scale,
            recurrent_weight.t()[:, order] * scale,
            bias[order] * scale,
        )


class LSTMStepper(NamedTuple):
    """An LSTM layer that reads one symbol per row, without the fixed cost of an `nn.LSTM` call.

    The gates are in the order i, f, o, g, with g doubled: since tanh(x) = 2σ(2x) − 1, one sigmoid
    serves all four, and on CPUs it is several times faster than a tanh.

    Attributes:
        kernel: what inputs add to the gates, (inputs, 4 · units).
        recurrent: what the hidden state adds to them, (units, 4 · units).
        bias: (4 · units,).
    """

    kernel: Tensor
    recurrent: Tensor
    bias: Tensor

    def project(self, inputs: Tensor) -> Tensor:
        """Return what inputs, (rows, inputs), and the bias add to the gates."""
        return torch.addmm(self.bias, inputs, self.kernel)

    def __call__(self, projected: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next hidden and cell; `projected`, (batch, 4 · units), is overwritten."""
        gates = projected.addmm_(hidden, self.recurrent).sigmoid_()
        enter, keep, leave, candidate = gates.chunk(4, dim=1)
        # keep · cell + enter · (2 · candidate − 1)
        cell = torch.mul(keep, cell).addcmul_(enter, candidate, value=2).sub_(enter)
        if cell.shape[0] <= FEW_ROWS:
            return torch.tanh(cell).mul_(leave), cell
        return (2 * cell).sigmoid_().mul_(2).sub_(1).mul_(leave), cell


class GRUStepper(NamedTuple):
    """A GRU layer (Cho et al. 2014) that reads one symbol per row; gates r, z, n as in `nn.GRU`."""

    kernel: Tensor
    recurrent: Tensor
    bias: Tensor
    second_bias: Tensor

    def project(self, inputs: Tensor) -> Tensor:
        """Return what inputs, (rows, inputs), and the bias add to the gates."""
        return torch.addmm(self.bias, inputs, self.kernel)

    def __call__(self, projected: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next hidden and the empty cell, unchanged."""
        recurrent = torch.addmm(self.second_bias, hidden, self.recurrent)
        reset, update, candidate = projected.chunk(3, dim=1)
        reset_too, update_too, candidate_too = recurrent.chunk(3, dim=1)
        update = torch.sigmoid(update + update_too)
        candidate = torch.tanh(candidate + torch.sigmoid(reset + reset_too) * candidate_too)
        return torch.lerp(candidate, hidden, update), cell


def layers_of(stack: nn.ModuleList) -> list[Layer]:
    """Return the layers of a stack, typed."""
    return [cast(Layer, layer) for layer in stack]
