"""Takes numbers to the device and brings them from there while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def there(numbers: list[list[int]], device: torch.device) -> torch.Tensor:
    """Numbers on the device, which are on their way when it has other things to do."""
    import torch

    here = torch.tensor(numbers)
    return here.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else here.to(device)


class Reader:
    """Numbers that are asked for when they are made, and looked at when the device has more to do."""

    def __init__(self, device: torch.device) -> None:
        import torch

        self.is_behind = device.type == "cuda"
        """Whether it pays to go on before they are known: elsewhere the host does the work, or waits for it."""
        self._numbers = torch.zeros(0)
        # It sleeps until then, and lets other threads run.
        self._event = torch.cuda.Event(blocking=True) if self.is_behind else None
        self._device = device

    def ask(self, numbers: torch.Tensor) -> None:
        """Have numbers brought; always as many, of one kind."""
        import torch

        if not self._numbers.numel():
            self._numbers = torch.zeros(numbers.shape, dtype=numbers.dtype, pin_memory=self._event is not None)
        self._numbers.copy_(numbers, non_blocking=self._event is not None)
        if self._event is not None:
            # Another device than the thread's own has a stream of its own.
            self._event.record(torch.cuda.current_stream(self._device))

    def answer(self) -> torch.Tensor:
        """The numbers that were asked for last."""
        if self._event is not None:
            self._event.synchronize()
        return self._numbers.clone()
