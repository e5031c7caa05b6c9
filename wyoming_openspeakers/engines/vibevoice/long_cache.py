"""What the language model remembers: two rows in fixed memory, that with the text and that without.

Both rows read the same frames, so that one run of the model serves both. They differ in how much they hold: the first
has the prompt before them. A row ends where its place is; what lies behind is not looked at and is written over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Snapshot = list[tuple[Any, Any]]
"""Keys and values of all layers for the beginning of a prompt."""

ROWS = 2


class TwoRows:
    """A cache for a model of the transformers library, as far as its layers ask for one."""

    def __init__(self, config: Any, room: int, device: torch.device, dtype: torch.dtype) -> None:
        import torch

        self.room = room
        """Places of a row."""
        heads = config.num_key_value_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (config.num_hidden_layers, ROWS, heads, room, width)
        # Not empty: what is not looked at is multiplied by nothing, which makes NaN of NaN.
        self._keys = torch.zeros(shape, device=device, dtype=dtype)
        self._values = torch.zeros(shape, device=device, dtype=dtype)
        self._rows = torch.arange(ROWS, device=device)
        self.places = torch.zeros(ROWS, dtype=torch.long, device=device)
        """Where the next frame goes in each row."""
        self._begin: int | None = None
        self._reach = room

    def fill_from(self, begin: int) -> None:
        """From now on what comes goes into the first row only, from this place on."""
        self._begin = begin

    def add_to_both(self, reach: int) -> None:
        """From now on each token goes into both rows at their places, and so many places are looked at."""
        self._begin = None
        self._reach = reach

    def mask(self, reach: int) -> dict[str, torch.Tensor]:
        """Which places each row sees from its own, as the language model wants to be told."""
        import torch

        seen = torch.arange(reach, device=self.places.device) <= self.places[:, None]
        return {"full_attention": seen[:, None, None]}

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *arguments: Any, **options: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take what a layer has made of new tokens; all that it may look at."""
        if self._begin is not None:
            end = self._begin + keys.shape[2]
            self._keys[layer, :1, :, self._begin : end] = keys
            self._values[layer, :1, :, self._begin : end] = values
            return self._keys[layer, :1, :, :end], self._values[layer, :1, :, :end]
        self._keys[layer][self._rows, :, self.places] = keys[:, :, 0]
        self._values[layer][self._rows, :, self.places] = values[:, :, 0]
        return self._keys[layer, :, :, : self._reach], self._values[layer, :, :, : self._reach]

    def snapshot(self, length: int) -> Snapshot:
        """A copy of the first row's beginning."""
        return [
            (keys[0, :, :length].clone(), values[0, :, :length].clone())
            for keys, values in zip(self._keys, self._values, strict=True)
        ]

    def put_back(self, snapshot: Snapshot) -> int:
        """Make a copy the first row's beginning again; its length."""
        length = 0
        for layer, (keys, values) in enumerate(snapshot):
            length = keys.shape[1]
            self._keys[layer, 0, :, :length] = keys
            self._values[layer, 0, :, :length] = values
        return length
