"""Says one frame after another: what the language model thinks is drawn, becomes sound, and is heard by it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..base import Samples
from ..torch.family import to_samples
from ..torch.graphs import Graphs, capture_on
from ..torch.sampling import generator_of
from .chunks import ChunkCodec
from .denoiser import Denoiser
from .slots import Slots

if TYPE_CHECKING:
    import torch

BLOCK = 64
"""Frames that noise is drawn for at once."""

ROOM = 2048
"""Places that are kept free for a prompt and its frames; more when they are needed."""


class Frames:
    """The loop of a VibeVoice. Between two frames the device is waited for once, when their sound is fetched."""

    def __init__(self, model: Any, device: torch.device) -> None:
        import torch

        self._model = model
        self._inner = model.model
        self._device = device
        self._dtype = model.lm_head.weight.dtype
        self.codec = ChunkCodec(self._inner)
        self._graphs = Graphs(capture_on(device))
        config = model.config
        self._sound, self._begin, self._end = config.audio_token_id, config.audio_bos_token_id, config.eos_token_id
        self._tokens: list[int] = sorted({self._sound, self._begin, self._end, config.audio_eos_token_id})
        """All that the language model may say; of equals the library takes the first, too."""
        self._slots: Slots | None = None
        """What it has read: in the first row with the text, in the second without."""
        self._choices: torch.Tensor | None = None
        self._denoisers: dict[int, Denoiser] = {}
        self._thoughts = torch.zeros(2, config.text_config.hidden_size, device=device, dtype=self._dtype)
        self._noise = torch.zeros(1, self._inner.diffusion_head.noisy_images_proj.in_features, device=device)
        self._guidance = torch.ones((), device=device)

    def rest(self) -> None:
        """Give back all memory on the device that can be had again: the weights are about to move."""
        self._graphs.drop()
        self.codec.forget()
        self._denoisers.clear()
        self._slots = self._choices = None

    def reserve(self, places: int) -> None:
        """Have room for a prompt and what is said to it. What was read before is forgotten."""
        # One more than is said is read.
        if self._slots is None or self._slots.room <= places:
            # Not both at once: the old one goes before the new one comes.
            self._graphs.drop()
            self._slots = None
            room = max(places + 1, ROOM if self._device.type == "cuda" else 0)
            self._slots = Slots(self._model.config.text_config, 2, room, self._model.lm_head.weight)

    def encode(self, samples: Samples) -> torch.Tensor:
        """The latents of a recording, in the host's memory."""
        import torch

        latents: torch.Tensor = self.codec.encode(torch.from_numpy(samples).to(self._device)).float().cpu()
        return latents

    def begin(self, past: torch.Tensor | None) -> None:
        """Have read what was read before, or nothing."""
        self._memory.begin([] if past is None else [past])

    def read(self, parts: Sequence[list[int] | torch.Tensor]) -> None:
        """Read on: tokens, and latents of voices among them."""
        import torch

        read = []
        for part in parts:
            if isinstance(part, list):
                read.append(self._embedded(part))
            else:
                read.append(self._inner.multi_modal_projector(part.to(self._device, self._dtype)))
        seen = torch.cat(read)
        self._think(seen[None], self._memory.read(len(seen)))

    def past(self) -> torch.Tensor:
        """What was read so far, to be read no more."""
        return self._memory.past()

    def speak(
        self,
        most: int,
        steps: int,
        guidance: float,
        seed: int | None,
        put: Callable[[Samples], None],
        check: Callable[[], None],
    ) -> None:
        """Go on from a prompt that was read, but for the token before all sound: at most so many tokens."""
        self.codec.begin()
        self._guidance.fill_(guidance)
        denoiser = self._denoiser(steps)
        noise = self._noises(seed)
        token = self._after(self._begin)
        for _ in range(most):
            check()
            if token == self._end:
                return
            if token != self._sound:
                self._step_back(token)
                token = self._after(token)
                continue
            self._noise.copy_(next(noise))
            reach = self._memory.next_reach()
            made = self._graphs.run((steps, reach), partial(self._frame, denoiser, reach)).cpu()
            put(to_samples(made[:-1]))
            token = self._tokens[int(made[-1])]

    def _after(self, token: int) -> int:
        """The token that comes after one."""
        return self._tokens[int(self._next(self._embedded([token]), self._memory.next_reach()))]

    def _frame(self, denoiser: Denoiser, reach: int) -> torch.Tensor:
        """The samples of a frame, and after them which token comes next; all on the device."""
        import torch

        latent = denoiser.latent(self._thoughts, self._noise, self._guidance)
        sound = self.codec.decode(latent)
        heard = self._inner.semantic_connector(self.codec.listen(sound))[0]
        token = self._next(self._inner.multi_modal_projector(latent.to(self._dtype)) + heard, reach)
        return torch.cat([sound.float(), token.float()])

    def _next(self, seen: torch.Tensor, reach: int) -> torch.Tensor:
        """Read a frame or a token with and without the text; which token comes next, by its number among all."""
        import torch

        thoughts = self._think(seen[None].expand(2, 1, -1), self._memory.speak(reach))[:, -1]
        self._memory.spoken()
        self._thoughts.copy_(thoughts)
        if self._choices is None:
            # The rest of the vocabulary is never said.
            self._choices = self._model.lm_head.weight[torch.tensor(self._tokens, device=self._device)]
        return torch.nn.functional.linear(thoughts[:1], self._choices).argmax(dim=-1)

    def _step_back(self, token: int) -> None:
        """The row without the text only has frames: it forgets what came before this token, or before all sound."""
        place = self._memory.places[1:]
        if token == self._begin:
            place.zero_()
        else:
            place.sub_(1)

    def _think(self, seen: torch.Tensor, told: dict[str, Any]) -> torch.Tensor:
        thoughts: torch.Tensor = self._inner.language_model(inputs_embeds=seen, **told).last_hidden_state
        return thoughts

    def _embedded(self, tokens: list[int]) -> torch.Tensor:
        import torch

        embedded: torch.Tensor = self._inner.language_model.embed_tokens(torch.tensor(tokens, device=self._device))
        return embedded

    def _noises(self, seed: int | None) -> Iterator[torch.Tensor]:
        """Noise for each frame; from the processor, so that a seed means the same on all devices."""
        import torch

        generator = generator_of(torch.device("cpu"), seed)
        while True:
            yield from torch.randn(BLOCK, self._noise.shape[1], generator=generator).to(self._device)

    def _denoiser(self, steps: int) -> Denoiser:
        if steps not in self._denoisers:
            self._denoisers[steps] = Denoiser(self._inner.diffusion_head, steps)
        return self._denoisers[steps]

    @property
    def _memory(self) -> Slots:
        assert self._slots is not None, "room is reserved first"
        return self._slots
