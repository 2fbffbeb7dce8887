"""The learning curve as a picture."""

from io import BytesIO
from pathlib import Path

from charseq.files import write_atomically
from charseq.training.history import History, series


def draw_learning_curve(history: History, path: Path, title: str) -> None:
    """Draw losses, and held-out error and accuracy, over the epochs as a PNG file."""
    # matplotlib's figures without pyplot: no window system, no global state.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs, best = history.epochs, history.best
    numbers = series(epochs, "epoch")
    figure = Figure(figsize=(9, 3.6), layout="constrained", dpi=120)
    losses, errors = figure.subplots(1, 2)
    # A name may contain what matplotlib would read as a formula.
    figure.suptitle(title, parse_math=False)
    marker = "o" if len(epochs) == 1 else None
    losses.plot(numbers, series(epochs, "training_loss"), label="training", marker=marker)
    losses.plot(numbers, series(epochs, "held_out_loss"), label="held-out", marker=marker)
    losses.set(xlabel="epoch", ylabel="loss (nats per symbol)", ylim=(0, None))
    errors.plot(numbers, series(epochs, "cer"), label="character error rate", marker=marker)
    errors.plot(
        numbers, series(epochs, "character_accuracy"), label="character accuracy", marker=marker
    )
    # An error rate above one, as in the first epochs, would squeeze the rest of the curve.
    errors.set(xlabel="epoch", ylabel="held-out", ylim=(0, 1))
    errors.axvline(best.epoch, color="grey", linestyle=":", label=f"best: epoch {best.epoch}")
    for axes in (losses, errors):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    picture = BytesIO()
    figure.savefig(picture, format="png")
    write_atomically(path, picture.getvalue())
