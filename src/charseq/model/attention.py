"""Attention: what the decoder attends to in a source for the next symbol."""

from typing import Literal

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from charseq.model.state import View

Kind = Literal["dot", "general", "additive"]

# Distances beyond this count as this.
FARTHEST = 10
# What a score initially loses for each place between a source symbol and the target symbol.
FIRST_SLOPE = 0.3
# The place of what is not text, such as a feature.
NO_PLACE = -1_000_000
# How many patterns of weights a location-aware layer looks for, and over how many source symbols.
PATTERNS, REACH = 16, 5


def places_of(ids: Tensor, conditions: Tensor) -> Tensor:
    """Return each source symbol's place in its text, and `NO_PLACE` for what precedes it.

    Args:
        ids: the sources' ids, (batch, time).
        conditions: how many features and languages precede each text, (batch,).
    """
    places = torch.arange(ids.shape[1], device=ids.device) - conditions[:, None]
    return places.masked_fill(places < 0, NO_PLACE)


def apart(places: Tensor, place: Tensor, steps: int) -> Tensor:
    """Return the distance from each target to each source symbol, from 0 for farthest before.

    Args:
        places: the source symbols' places, (batch, source time).
        place: the first target symbol's place, (batch, 1).
        steps: how many target symbols there are.

    Returns:
        Indices into the learnt weights of distances, (batch, target time, source time).
    """
    here = place + torch.arange(steps, device=place.device)
    return (places[:, None] - here[:, :, None]).clamp_(-FARTHEST, FARTHEST).add_(FARTHEST)


class Location(nn.Module):
    """Scores source symbols by where the layer of attention before has attended, and around it.

    Source: location-aware attention (Chorowski et al. 2015, "Attention-based models for speech
    recognition"), which reads the weights of the step before. These are of the same step, so that
    all steps can be computed at once, and a step needs nothing but the decoder's state.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patterns = nn.Linear(REACH, PATTERNS)
        self.score = nn.Parameter(torch.empty(PATTERNS))

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights, smaller the more numbers they are summed over (LeCun et al. 1998)."""
        for parameter in (self.patterns.weight, self.patterns.bias):
            nn.init.uniform_(parameter, -(REACH**-0.5), REACH**-0.5, generator=generator)
        nn.init.uniform_(self.score, -(PATTERNS**-0.5), PATTERNS**-0.5, generator=generator)

    def forward(self, weights: Tensor) -> Tensor:
        """Return what to add to the scores of the layer after the one that had `weights`.

        Args:
            weights: those before, (batch, target time, source time), 0 past a source's end.
        """
        windows = functional.pad(weights, (REACH // 2, REACH // 2)).unfold(2, REACH, 1)
        # As a product, this convolution takes half the time of a `Conv1d`.
        return torch.tanh(self.patterns(windows)) @ self.score


class Attention(nn.Module):
    """Global attention after the decoder's LSTM, without input feeding (Luong et al. 2015).

    Scores are a dot product, one through a matrix (`general`), or those of a small network
    (`additive`, Bahdanau et al. 2015). A learnt weight for each distance between the places of a
    source and a target symbol may be added (as in Raffel et al. 2020, section 2.1): most rewriting
    goes from left to right, which few examples alone do not teach.
    """

    def __init__(
        self,
        kind: Kind,
        units: int,
        size: int,
        *,
        relative: bool = False,
        location_aware: bool = False,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.key = None if kind == "dot" else nn.Linear(units, units, bias=False)
        self.query = nn.Linear(units, units, bias=False) if kind == "additive" else None
        self.score = nn.Parameter(torch.empty(units)) if kind == "additive" else None
        # The attentional vector is tanh(context + own), each through its own matrix, so that
        # contexts are sums of vectors that are computed once per source.
        self.context = nn.Linear(units, size, bias=False)
        self.own = nn.Linear(units, size)
        self.distances = nn.Parameter(torch.empty(2 * FARTHEST + 1)) if relative else None
        # What has no place counts as farthest before; this is added to its score.
        self.placeless = nn.Parameter(torch.empty(1)) if relative else None
        self.location = Location() if location_aware else None

    @property
    def relative(self) -> bool:
        """Whether distances between places count."""
        return self.distances is not None

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights."""
        for part in (self.key, self.query, self.context, self.own):
            if part is not None:
                nn.init.xavier_uniform_(part.weight, generator=generator)
        nn.init.zeros_(self.own.bias)
        if self.distances is not None and self.placeless is not None:
            places = torch.arange(-FARTHEST, FARTHEST + 1, device=self.distances.device)
            self.distances.copy_(-FIRST_SLOPE * places.abs())
            self.placeless.fill_(FIRST_SLOPE * FARTHEST)
        if self.score is not None:
            nn.init.uniform_(self.score, -0.1, 0.1, generator=generator)

    def view(self, outputs: Tensor, lengths: Tensor, places: Tensor) -> View:
        """Prepare the encoder's outputs for attention.

        Args:
            outputs: the encoder's, (batch, time, units).
            lengths: the sources' lengths, (batch,).
            places: their symbols' places, (batch, time), where places count.
        """
        mask = torch.zeros(outputs.shape[:2], device=outputs.device)
        if self.placeless is not None:
            mask = mask + (places == NO_PLACE) * self.placeless
        columns = torch.arange(outputs.shape[1], device=outputs.device)
        return View(
            mask.masked_fill(columns >= lengths[:, None], -torch.inf),
            outputs if self.key is None else self.key(outputs),
            self.context(outputs),
        )

    def scores(
        self, queries: Tensor, distances: Tensor | None, view: View, before: Tensor | None
    ) -> Tensor:
        """Compare the decoder's outputs with each source symbol.

        Args:
            queries: the outputs, (batch, target time, units).
            distances: where places count, how far `apart` the symbols are, (batch, target time,
                source time).
            view: the view of the same rows.
            before: the weights of the layer before, if there is one.

        Returns:
            Scores, (batch, target time, source time), -inf past a source's end.
        """
        if self.query is None or self.score is None:
            compared = torch.bmm(queries, view.keys.transpose(1, 2))
        else:
            both = self.query(queries)[:, :, None] + view.keys[:, None]
            compared = torch.tanh(both) @ self.score
        compared = compared + view.mask[:, None]
        if self.location is not None and before is not None:
            compared = compared + self.location(before)
        if self.distances is None:
            return compared
        if distances is None:
            raise AssertionError("where places count, distances are needed")
        return compared + functional.embedding(distances, self.distances[:, None])[..., 0]

    def forward(self, queries: Tensor, weights: Tensor, view: View) -> Tensor:
        """Return the attentional vectors, (batch, target time, size), of `queries`.

        Args:
            queries: the decoder's outputs, (batch, target time, units).
            weights: the softmax of their scores, (batch, target time, source time).
            view: the view of the same rows.
        """
        context = torch.bmm(weights.to(view.values.dtype), view.values)
        return torch.tanh(context + self.own(queries))
