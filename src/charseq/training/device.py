"""Where to compute."""

import contextlib
import os

import torch

from charseq.errors import UsageError

CROWDED = "this machine has been busy for the last minute; OMP_NUM_THREADS=1 is probably faster"
"""The message if `is_crowded`."""


def resolve_device(name: str) -> torch.device:
    """Return the device that a setting names; `auto` prefers CUDA, then Apple's MPS.

    Raises:
        UsageError: if this machine has no such device.
    """
    if name == "auto":
        return torch.device(_devices()[0])
    with contextlib.suppress(RuntimeError, AssertionError, TypeError):
        device = torch.device(name)
        if device.type in _devices():
            torch.empty(1, device=device)
            return device
    usable = " or ".join(["auto", *_devices()])
    raise UsageError(f"this machine has no device {name!r}: use {usable}")


def _devices() -> list[str]:
    """Return the devices of this machine, the fastest first."""
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name in has if has[name]]


def is_crowded(device: torch.device) -> bool:
    """Return whether other work takes cores that the threads of a training need all at once.

    This goes by the load of the last minute, if the system reports it.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1 or not hasattr(os, "getloadavg"):
        return False
    idle = (os.cpu_count() or 1) - os.getloadavg()[0]
    return idle < threads - 0.5
