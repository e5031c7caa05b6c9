"""The sound of frames as they come: exactly what the codec would make of all at once, since it never looks ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Sound:
    """The codec, with what it remembers of a piece of text."""

    def __init__(self, decoder: Any) -> None:
        """`decoder` is the half of a codec of the library that makes samples."""
        self._decoder = decoder
        self._past = Past()

    def begin(self) -> None:
        """Forget what was said: before everything is silence."""
        self._past.silence()

    def forget(self) -> None:
        """Give the memory back."""
        self._past.forget()

    def of(self, latent: torch.Tensor) -> torch.Tensor:
        """The samples of the next frame, of its numbers (1, n) as the codec has them."""
        decoder = self._decoder
        x = decoder.stem(latent[..., None], padding_cache=self._past)
        for layer in decoder.conv_layers:
            x = self._raised(layer.convtr, x)
            for block in layer.stage:
                x = block(x, padding_cache=self._past)
        sound: torch.Tensor = decoder.head(x, padding_cache=self._past)
        return sound.reshape(-1)

    def _raised(self, module: Any, x: torch.Tensor) -> torch.Tensor:
        """More samples of fewer, each step of which is heard in its own and in the next one's samples.

        A convolution of so few steps takes longer to arrange its weights than to use them: here they are one matrix.
        """
        weight, bias, stride = module.convtr.weight, module.convtr.bias, module.stride
        steps = self._past.joined(x, module.cache_key, 1)[0].mT
        parts = (steps @ weight.flatten(1)).view(len(steps), weight.shape[1], 2, stride)
        mixed = parts[1:, :, 0] + parts[:-1, :, 1] + bias[:, None]
        return mixed.transpose(0, 1).reshape(1, weight.shape[1], -1)


class Past:
    """What each convolution was given last, as much of it as what comes next depends on, in memory that stays."""

    def __init__(self) -> None:
        self._before: dict[str, torch.Tensor] = {}

    def silence(self) -> None:
        """Have been given nothing."""
        for before in self._before.values():
            before.zero_()

    def forget(self) -> None:
        """Give the memory back."""
        self._before.clear()

    def update(self, sound: torch.Tensor, key: str, convolution: Any) -> torch.Tensor:
        """What a convolution of the library is given, after what it was given before."""
        return self.joined(sound, key, convolution.left_pad)

    def joined(self, sound: torch.Tensor, key: str, reach: int) -> torch.Tensor:
        """What is given, after so many steps of what was given before."""
        import torch

        if key not in self._before:
            self._before[key] = sound.new_zeros(*sound.shape[:-1], reach)
        before = self._before[key]
        whole = torch.cat([before, sound], dim=-1)
        before.copy_(whole[..., whole.shape[-1] - reach :])
        return whole
