"""Which of a machine's GPUs the service may use: those of the settings that CUDA_VISIBLE_DEVICES does not hide."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

_LOGGER = logging.getLogger(__name__)

_NOTHING = ("", "-1", "NoDevFiles")
"""What people put into CUDA_VISIBLE_DEVICES to hide all GPUs."""


class GpuSelection:
    """Settings that name GPUs by numbers, as `nvidia-smi` counts them, or by uuids."""

    def __init__(self, only: Sequence[int], visible: str | None) -> None:
        """`only` are the numbers of the settings, empty for all; `visible` is CUDA_VISIBLE_DEVICES where it is set."""
        self._only = frozenset(only)
        self._names = None if visible is None else tuple(name.strip() for name in visible.split(","))
        self._warned: set[str] = set()

    @property
    def hides_all(self) -> bool:
        """Whether no GPU may be used, whatever there is."""
        return self._names is not None and self._names[0] in _NOTHING

    def indexes(self, count: int, uuids: Mapping[int, str], parent: Callable[[str], str | None]) -> list[int]:
        """The numbers of those of `count` GPUs that may be used; `parent` tells the uuid of the GPU of a slice."""
        wanted = set(range(count))
        for number in sorted(self._only - wanted):
            self._warn(f"models.gpus: there is no GPU {number}; this machine has {count}")
        if self._only:
            wanted &= self._only
        if self._names is not None:
            wanted &= set(self._visible(self._names, count, uuids, parent))
        return sorted(wanted)

    def _visible(
        self, names: Sequence[str], count: int, uuids: Mapping[int, str], parent: Callable[[str], str | None]
    ) -> Iterator[int]:
        """What CUDA_VISIBLE_DEVICES names; as with CUDA nothing counts after a wrong name, and uuids may be cut."""
        for name in names:
            found: int | None
            if name.isascii() and name.isdigit():
                found = int(name) if int(name) < count else None
            else:
                uuid = parent(name) if name.startswith("MIG-") else name
                found = next((index for index, its in uuids.items() if uuid and its.startswith(uuid)), None)
            if found is None:
                self._warn(f"CUDA_VISIBLE_DEVICES: there is no GPU {name}; this machine has {count}")
                return
            yield found

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            _LOGGER.warning("%s", text)
