"""How models are trained: as it is asked for, and as it is."""

from typing import Annotated, Literal

from pydantic import Field

from charseq.config.settings import Auto, Count, Duration, Rate, Settings, Share

StepSize = Annotated[float, Field(gt=0)]


class TrainingSettings(Settings):
    """How a model is trained."""

    epochs: Count | Auto = Field(
        "auto", description="passes over the corpus, at most; 'auto': by the corpus's size"
    )
    batch_size: Count | Auto = Field(
        "auto", description="pairs per step; 'auto': by the corpus's size"
    )
    batch_characters: Count = Field(
        32_768,
        description="the most symbols that a batch holds on both sides, padding included: longer"
        " pairs train in smaller batches",
    )
    optimiser: Literal["adamw", "keras-rmsprop"] = Field(
        "adamw", description="AdamW, or RMSprop as Keras computes it"
    )
    learning_rate: StepSize | Auto = Field(
        "auto", description="the optimiser's step size; 'auto': by the units"
    )
    schedule: Literal["constant", "cosine"] = Field(
        "cosine",
        description="keep the step size, or let it grow over the first twentieth of the training"
        " and then shrink to nothing, by epochs or by the time limit, whichever is further on",
    )
    weight_decay: Annotated[float, Field(ge=0)] = Field(
        0.0, description="how much AdamW shrinks weights, per step and step size"
    )
    label_smoothing: Rate = Field(
        0.1, description="the share of a target's probability that is spread over all symbols"
    )
    average: Share | None = Field(
        None,
        description="translate with an average of the weights that keeps this share of itself at"
        " each step, such as 0.999; unset: with the last weights",
    )
    gradient_clip: Annotated[float, Field(gt=0)] | None = Field(
        1.0, description="longest gradient, as a norm; unset: no clipping"
    )
    count_padding: bool = Field(
        False,
        description="as the Keras example: pad all targets to the longest, and let padding count"
        " in the loss, with Keras's clipped cross-entropy and batches in shuffled order",
    )
    unknown_rate: Rate = Field(
        0.005,
        description="how often source characters are replaced by the unknown symbol in training;"
        " rare ones more often",
    )
    split: Literal["source", "last"] = Field(
        "source",
        description="what is held out: whole sources drawn at random (all their pairs stay on one"
        " side), or the last part of the corpus as the Keras example does",
    )
    split_by: Literal["source", "input"] = Field(
        "source",
        description="what stays together where whole sources are held out: all pairs of a source,"
        " or only those that have its features and language in common, too",
    )
    held_out_share: Share = Field(0.1, description="the share of the corpus that is held out")
    held_out_maximum: Count | None = Field(
        2_000, description="hold out at most so many sources, where whole sources are held out"
    )
    held_out_decoded: Count = Field(
        500, description="how many held-out sources are translated after each epoch for the CER"
    )
    vocabulary_from: Literal["training", "corpus"] = Field(
        "training", description="build the vocabularies from the training pairs, or from all"
    )
    patience: Count | None = Field(
        None,
        description="stop after so many epochs without a better held-out score; unset: never, since"
        " steps that shrink to nothing get the best of a training at its end",
    )
    select: Literal["cer", "exact", "chrf", "loss"] = Field(
        "cer",
        description="the held-out score by which epochs are compared: CER, exact match, chrF or"
        " the loss",
    )
    keep: Literal["best", "last"] = Field(
        "best", description="keep the weights of the best held-out score, or the last ones"
    )
    refit: bool | Auto = Field(
        "auto",
        description="at the end, train afresh on all pairs, those held out too, for the number of"
        " steps found; the scores are those of the training before; by default where there are"
        " fewer than 2,000 pairs, or 50,000 pairs of words, and no file is held out",
    )
    time_limit: Duration | None = Field(
        None, description="stop training after so long: seconds, or such as 90s, 10m or 1.5h"
    )
    checkpoint_every: Count | Duration = Field(
        "60s",
        validate_default=True,
        description="keep all that is needed to go on, after so many steps (500) or so long (60s)",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        1, description="the start of every random choice"
    )
    precision: Literal["auto", "float32", "bf16"] = Field(
        "auto",
        description="what the network is trained in; bf16 is faster where the processor or the GPU"
        " has it, and 'auto' is bf16 there for models of 256 units and more",
    )
    device: str = Field("auto", description="where to compute: auto, cpu, cuda, cuda:1, mps")


class TrainingConfig(TrainingSettings):
    """How a model is trained, decided."""

    epochs: Count = 100
    batch_size: Count = 64
    learning_rate: StepSize = 0.004
    refit: bool = False
    precision: Literal["float32", "bf16"] = "float32"
