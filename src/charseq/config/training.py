"""How models are trained: as requested, and as resolved."""

from typing import Annotated, Literal

from pydantic import Field

from charseq.config.settings import Auto, Count, Duration, Rate, Real, Settings, Share, Whole

StepSize = Annotated[Real, Field(gt=0)]


class TrainingSettings(Settings):
    """How a model is trained."""

    epochs: Count | Auto = Field(
        default="auto",
        description="the most passes over the corpus; 'auto': by the number of pairs, and"
        " fewer if they are very long",
    )
    batch_size: Count | Auto = Field(
        default="auto", description="pairs per step; 'auto': by the corpus's size"
    )
    batch_characters: Count = Field(
        default=32_768,
        description="the most symbols that a batch may have on both sides together,"
        " including padding: longer pairs train in smaller batches; without effect with"
        " count_padding",
    )
    optimiser: Literal["adamw", "keras-rmsprop"] = Field(
        default="adamw", description="AdamW, or RMSprop as Keras computes it"
    )
    learning_rate: StepSize | Auto = Field(
        default="auto", description="the optimiser's step size; 'auto': by the units"
    )
    schedule: Literal["constant", "cosine"] = Field(
        default="cosine",
        description="'constant', or 'cosine': the step size grows over the first twentieth"
        " of the training and then shrinks to zero, by epochs or by the time"
        " limit, whichever is further on",
    )
    weight_decay: Annotated[Real, Field(ge=0)] = Field(
        default=0.0, description="AdamW's weight decay"
    )
    label_smoothing: Rate = Field(
        default=0.1,
        description="the share of a target's probability that is spread over all symbols;"
        " without effect with count_padding",
    )
    average: Share | None = Field(
        default=None,
        description="translate with a moving average of the weights that keeps this share of"
        " itself at each step, such as 0.999; unset: with the last weights",
    )
    gradient_clip: Annotated[Real, Field(gt=0)] | None = Field(
        default=1.0, description="the largest norm of a gradient; unset: no clipping"
    )
    count_padding: bool = Field(
        default=False,
        description="as in the Keras example: pad all targets to the longest and count"
        " padding in the loss, with Keras's clipped cross-entropy and batches in"
        " shuffled order",
    )
    unknown_rate: Rate = Field(
        default=0.005,
        description="how often training replaces source characters by the unknown symbol;"
        " rare ones more often",
    )
    split: Literal["source", "last"] = Field(
        default="source",
        description="what is held out: whole sources drawn at random (all their pairs stay"
        " on one side), or the last part of the corpus, as in the Keras example",
    )
    split_by: Literal["source", "input"] = Field(
        default="source",
        description="what stays together when whole sources are held out: all pairs of a"
        " source, or only those of an input, with the same features and language",
    )
    held_out_share: Share = Field(
        default=0.1, description="the share of the corpus that is held out"
    )
    held_out_maximum: Count | None = Field(
        default=2_000,
        description="hold out at most this many sources, if whole sources are held out",
    )
    held_out_decoded: Count = Field(
        default=500,
        description="how many held-out sources are translated after each epoch for the CER",
    )
    vocabulary_from: Literal["training", "corpus"] = Field(
        default="training",
        description="build the vocabularies from the training pairs, or from all",
    )
    patience: Count | None = Field(
        default=None,
        description="stop after this many epochs without a better held-out score; unset:"
        " never, since with a step size that shrinks to zero the best weights"
        " come at the end",
    )
    select: Literal["cer", "exact", "chrf", "loss"] = Field(
        default="cer",
        description="the held-out score by which epochs are compared: CER, exact match, chrF or"
        " the loss",
    )
    keep: Literal["best", "last"] = Field(
        default="best",
        description="'best': keep the weights of the last epoch whose held-out CER or exact match"
        " is within one standard error of the best, or of the epoch with the best chrF or loss;"
        " 'last': those of the last epoch",
    )
    refit: bool | Auto = Field(
        default="auto",
        description="at the end, train again from the start on all pairs, including those"
        " held out, until as many are read as the weights that were kept had read; the scores"
        " remain those of the first training; 'auto': if there are fewer than 2,000 training"
        " pairs, not very long, or fewer than 50,000 with at most 25 symbols on average, with"
        " keep 'best' and no separate held-out file",
    )
    time_limit: Duration | None = Field(
        default=None,
        description="stop training after this long: seconds, or a duration such as 90s, 10m"
        " or 1.5h",
    )
    checkpoint_every: Count | Duration = Field(
        default="60s",
        validate_default=True,
        description="how often to write a checkpoint: a number of steps (500) or a duration (60s)",
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = Field(
        default=1, description="the seed of every random choice"
    )
    precision: Literal["auto", "float32", "bf16"] = Field(
        default="auto",
        description="the number format of training; bf16 is faster if the processor or the"
        " GPU supports it; 'auto': bf16 there for models of 256 units and more",
    )
    device: str = Field(
        default="auto", description="where to compute: auto, cpu, cuda, cuda:1, mps"
    )


class TrainingConfig(TrainingSettings):
    """How a model is trained, with every automatic setting resolved."""

    epochs: Count = 100
    batch_size: Count = 64
    learning_rate: StepSize = 0.004
    refit: bool = False
    precision: Literal["float32", "bf16"] = "float32"
