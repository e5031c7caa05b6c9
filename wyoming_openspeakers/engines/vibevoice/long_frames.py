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
from .long_cache import Snapshot, TwoRows

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
        # A device that runs graphs has one for each reach: few of them.
        self._stride = 512 if device.type == "cuda" else 64
        config = model.config
        self._sound, self._begin, self._end = config.audio_token_id, config.audio_bos_token_id, config.eos_token_id
        self._tokens = sorted({self._sound, self._begin, self._end, config.audio_eos_token_id})
        """All that the language model may say; of equals the library takes the first, too."""
        self._cache: TwoRows | None = None
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
        self._cache = self._choices = None

    def reserve(self, places: int) -> None:
        """Have room for a prompt and what is said to it. What was read before is forgotten."""
        # One more than is said is read, and looked at in whole strides.
        wanted = -(-(places + 1) // self._stride) * self._stride
        if self._cache is None or self._cache.room < wanted:
            # Not both at once: the old one goes before the new one comes.
            self._graphs.drop()
            self._cache = None
            room = max(wanted, ROOM if self._device.type == "cuda" else 0)
            self._cache = TwoRows(self._model.config.text_config, room, self._device, self._dtype)

    def encode(self, samples: Samples) -> torch.Tensor:
        """The latents of a recording, in the host's memory."""
        import torch

        latents: torch.Tensor = self.codec.encode(torch.from_numpy(samples).to(self._device)).float().cpu()
        return latents

    def read(self, begin: int, parts: Sequence[list[int] | torch.Tensor]) -> int:
        """Read tokens, and latents of voices among them, from a place in the prompt on; where they end."""
        import torch

        read = []
        for part in parts:
            if isinstance(part, list):
                read.append(self._embedded(part))
            else:
                read.append(self._inner.multi_modal_projector(part.to(self._device, self._dtype)))
        seen = torch.cat(read)
        end = begin + len(seen)
        cache = self._remembered
        cache.fill_from(begin)
        places = torch.arange(begin, end, device=self._device)
        mask = torch.arange(end, device=self._device) <= places[:, None]
        self._think(seen[None], places[None], {"full_attention": mask[None, None]})
        return end

    def snapshot(self, length: int) -> Snapshot:
        """What was read so far, to be read no more."""
        return self._remembered.snapshot(length)

    def put_back(self, snapshot: Snapshot) -> int:
        """Have read that; where it ends."""
        return self._remembered.put_back(snapshot)

    def speak(
        self,
        begin: int,
        most: int,
        steps: int,
        guidance: float,
        seed: int | None,
        put: Callable[[Samples], None],
        check: Callable[[], None],
    ) -> None:
        """Go on from a prompt that ends at a place, but for the token before all sound: at most so many tokens."""
        cache = self._remembered
        self.codec.begin()
        self._guidance.fill_(guidance)
        cache.places[0] = begin
        cache.places[1] = 0
        denoiser = self._denoiser(steps)
        noise = self._noises(seed)
        token = self._tokens[int(self._next(self._embedded([self._begin]), self._reach(begin)))]
        for place in range(begin + 1, begin + 1 + most):
            check()
            reach = self._reach(place)
            if token == self._end:
                return
            if token != self._sound:
                self._step_back(token)
                token = self._tokens[int(self._next(self._embedded([token]), reach))]
                continue
            self._noise.copy_(next(noise))
            made = self._graphs.run((steps, reach), partial(self._frame, denoiser, reach)).cpu()
            put(to_samples(made[:-1]))
            token = self._tokens[int(made[-1])]

    def _frame(self, denoiser: Denoiser, reach: int) -> torch.Tensor:
        """The samples of a frame, and after them which token comes next; all on the device."""
        import torch

        latent = denoiser.latent(self._thoughts, self._noise, self._guidance)
        sound = self.codec.decode(latent)
        heard = self._inner.semantic_connector(self.codec.listen(sound))[0]
        token = self._next(self._inner.multi_modal_projector(latent.to(self._dtype)) + heard, reach)
        return torch.cat([sound.reshape(-1).float(), token.float()])

    def _next(self, seen: torch.Tensor, reach: int) -> torch.Tensor:
        """Read a frame or a token with and without the text; which token comes next, by its number among all."""
        import torch

        cache = self._remembered
        cache.add_to_both(reach)
        thoughts = self._think(seen[None].expand(2, 1, -1), cache.places[:, None], cache.mask(reach))[:, -1]
        self._thoughts.copy_(thoughts)
        cache.places.add_(1)
        if self._choices is None:
            # The rest of the vocabulary is never said.
            self._choices = self._model.lm_head.weight[torch.tensor(self._tokens, device=self._device)]
        return torch.nn.functional.linear(thoughts[:1], self._choices).argmax(dim=-1)

    def _step_back(self, token: int) -> None:
        """The row without the text only has frames: it forgets what came before this token, or before all sound."""
        place = self._remembered.places[1:]
        if token == self._begin:
            place.zero_()
        else:
            place.sub_(1)

    def _think(self, seen: torch.Tensor, places: torch.Tensor, mask: dict[str, torch.Tensor]) -> torch.Tensor:
        thoughts: torch.Tensor = self._inner.language_model(
            inputs_embeds=seen,
            position_ids=places,
            attention_mask=mask,
            past_key_values=self._remembered,
            use_cache=True,
        ).last_hidden_state
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

    def _reach(self, place: int) -> int:
        """How many places are looked at from one: whole strides, so that not each frame is of another size."""
        return (place // self._stride + 1) * self._stride

    @property
    def _remembered(self) -> TwoRows:
        assert self._cache is not None, "room is reserved first"
        return self._cache
