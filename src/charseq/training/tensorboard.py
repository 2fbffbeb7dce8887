"""The learning curves for TensorBoard."""

from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from charseq.errors import MissingExtraError
from charseq.training.history import Callback, EpochRecord


def tensorboard_callback(folder: Path) -> Callback:
    """Return a callback that writes the figures of every epoch for TensorBoard.

    Raises:
        MissingExtraError: if TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtraError("TensorBoard", "train") from None

    @cache
    def writer() -> Any:
        # A writer makes its folder at once, which must not exist before the run's own.
        return SummaryWriter(str(folder))

    def write(record: EpochRecord) -> None:
        for name, value in asdict(record).items():
            if isinstance(value, float):
                writer().add_scalar(name, value, record.epoch)
        writer().flush()

    return write
