"""A piece of text on its way: the model reads some words, speaks some frames, and reads on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...torch.graphs import Graphs
from ..denoiser import Denoiser
from ..slots import Slots
from ..sound import Sound
from .parts import Parts
from .prompt import Prompt

if TYPE_CHECKING:
    import torch

WORDS = 5
"""How many tokens of text the model reads at once."""

FRAMES = 6
"""How many frames it speaks before it reads on."""

_SPEECH, _TEXT = 0, 1

_ROOM = 1024
"""Places for a voice, a text and its frames; more where they are needed."""


class Talk:
    """What the model has read and said since it has taken on a voice.

    It speaks in two rows: in the first as it knows the text, in the second as it would without it. What is done for
    each frame is done in memory that stays where it is, so that a device can do it as a graph, text after text.
    """

    def __init__(self, parts: Parts, prompt: Prompt, words: int, frames: int, graphs: Graphs) -> None:
        """Have room for a voice, a text of so many tokens and so many frames; none of the graphs is of another talk."""
        import torch

        like = parts.kinds.weight
        self._parts = parts
        room = max(_ROOM, prompt.length + words + frames)
        self._reading = Slots(parts.text.config, 1, room, like)
        self._speaking = Slots(parts.speech.config, 2, room, like)
        self._sound = Sound(parts.decoder)
        self._graphs = graphs
        self._denoisers: dict[int, Denoiser] = {}
        self._steps = 0
        self._weights = like.data_ptr()
        self._guidance = torch.ones((), device=like.device)
        self._noise = torch.zeros(1, parts.head.noisy_images_proj.in_features, device=like.device)
        self._latent = torch.zeros_like(self._noise, dtype=like.dtype)
        self._conditions = torch.zeros(2, like.shape[1], device=like.device, dtype=like.dtype)
        """What the next frame is to be like, and what it would be without the text."""

    def fits(self, prompt: Prompt, words: int, frames: int) -> bool:
        """Whether there is room enough, and the weights are where they were."""
        has_room = prompt.length + words + frames <= self._speaking.room
        return has_room and self._weights == self._parts.kinds.weight.data_ptr()

    def begin(self, prompt: Prompt, guidance: float, steps: int) -> None:
        """Take on a voice."""
        self._reading.begin([prompt.text])
        self._speaking.begin([prompt.speech, prompt.free])
        self._sound.begin()
        if steps not in self._denoisers:
            self._denoisers[steps] = Denoiser(self._parts.head, steps)
        self._steps = steps
        self._guidance.fill_(guidance)
        self._conditions[1] = prompt.free_last.to(self._conditions.device)

    def read(self, words: torch.Tensor) -> None:
        """Read tokens of text."""
        parts = self._parts
        seen = parts.text.embed_tokens(words[None])
        read = parts.text(inputs_embeds=seen, **self._reading.read(len(words))).last_hidden_state
        marked = read + parts.kinds.weight[_TEXT]
        said = parts.speech(inputs_embeds=marked, **self._speaking.read(len(words))).last_hidden_state
        self._conditions[:1] = said[:, -1]

    def say(self, noise: torch.Tensor) -> torch.Tensor:
        """The samples of the next frame, good until the next one is said."""
        self._noise.copy_(noise)
        return self._graphs.run(("say", self._steps), self._say)

    def hear(self) -> torch.Tensor:
        """Take in the frame that was said; above zero when it was the last."""
        reach = self._speaking.next_reach()
        return self._graphs.run(("hear", reach), lambda: self._hear(reach))

    def _say(self) -> torch.Tensor:
        self._latent.copy_(self._denoisers[self._steps].latent(self._conditions, self._noise, self._guidance))
        return self._sound.of(self._parts.to_codec(self._latent))

    def _hear(self, reach: int) -> torch.Tensor:
        parts = self._parts
        heard = parts.connector(self._latent) + parts.kinds.weight[_SPEECH]
        said = parts.speech(inputs_embeds=heard.expand(2, 1, -1), **self._speaking.speak(reach)).last_hidden_state
        self._speaking.spoken()
        self._conditions.copy_(said[:, -1])
        end: torch.Tensor = parts.end(self._conditions[:1])
        return end
