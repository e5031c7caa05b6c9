"""VibeVoice Realtime 0.5B: reads a few words, speaks a few frames, and reads on; heard from its first frame.

A port to modules of the transformers library, which has the larger VibeVoice but not this one. It speaks with voices
that its author has prepared, and cannot take on others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ...base import EngineError, EngineRequest, ModelSpec, Voice
from ...revision import revision
from ...torch.family import to_samples
from ...torch.folder import ModelFolder
from ...torch.graphs import Graphs, capture_on
from ...torch.sampling import generator_of
from ...torch.streaming import StreamingFamily, Way
from ...torch.transfer import Reader
from .parts import load_parts
from .prompt import Prompt, read_prompt
from .talk import FRAMES, WORDS, Talk
from .voices import describe, voice_files

if TYPE_CHECKING:
    import torch

TOKENIZERS = ("tokenizer.json", "tokenizer/tokenizer.json")
"""Where the model's words are looked for: its author publishes it without, for it has those of Qwen 2.5."""

STEPS = 5
GUIDANCE = 1.5
"""As in the author's own demonstration."""

MOST_FRAMES = 450
"""A minute."""

AT_LEAST = 15
A_WORD = 8
"""Frames for any text and for each of its tokens, which take two or three: a model that finds no end is stopped."""

_PLAIN = str.maketrans("’‘“”", "''\"\"")


class RealtimeFamily(StreamingFamily):
    """A VibeVoice Realtime."""

    kinds: ClassVar[tuple[str, ...]] = ("vibevoice_streaming",)
    whole_repository: ClassVar[bool] = False
    needs: ClassVar[Mapping[str, str]] = {"tokenizers": "tokenizers"}
    longest: ClassVar[int] = 600
    is_fine_with_halves: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, Any]] = {
        "guidance_scale": {
            "type": "number",
            "minimum": 1,
            "maximum": 5,
            "default": GUIDANCE,
            "description": "How closely it keeps to the text; more sounds strained",
        },
        "num_diffusion_steps": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": STEPS,
            "description": "How often it refines each sound; more takes longer",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1024,
            "default": MOST_FRAMES,
            "description": "The most that it says at once, 7.5 to a second",
        },
    }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        self._words = _tokenizer(spec)
        self._parts = load_parts(folder, self.dtype)
        self._voices = voice_files(spec)
        self._graphs = Graphs(capture_on(device))
        self._talk: Talk | None = None
        self._last: tuple[str, Prompt] | None = None
        # One that cannot be read is told of now, and the first request need not convert it.
        self._prompt(self._default)

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        return [describe(name, file) for name, file in voice_files(spec).items()]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if not any(map(spec.find, TOKENIZERS)):
            return f"tokenizer.json is missing: put the one of Qwen/Qwen2.5-0.5B into {folder.path}"
        if not voice_files(spec):
            place = folder.path / "voices"
            return f"There is no voice in {place}: put .pt files from demo/voices of microsoft/VibeVoice there"
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        return self._parts.stages

    @property
    def watched(self) -> list[Any]:
        return self._parts.watched

    def say(self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, way: Way) -> None:
        self._say(text, self._prompt(request.voice), settings, seed, way)

    def warm_up(self) -> None:
        self._say("a", self._prompt(self._default), {"max_frames": 3}, 0, _Nowhere())

    def rest(self) -> None:
        """Give back all memory on the device that can be had again: the weights are about to move."""
        self._graphs.drop()
        self._talk = None

    def _say(self, text: str, prompt: Prompt, settings: Mapping[str, Any], seed: int | None, way: Way) -> None:
        import torch

        said = self._words.encode(f"{text.strip().translate(_PLAIN)}\n", add_special_tokens=False).ids
        words = torch.tensor(said, device=self.device)
        most = min(int(settings.get("max_frames", MOST_FRAMES)), AT_LEAST + A_WORD * len(said))
        guidance = float(settings.get("guidance_scale", GUIDANCE))
        if self._talk is None or not self._talk.fits(prompt, len(said), most):
            # Not both at once: the old one goes before the new one comes.
            self.rest()
            self._talk = Talk(self._parts, prompt, len(said), most, self._graphs)
        talk = self._talk
        talk.begin(prompt, guidance, int(settings.get("num_diffusion_steps", STEPS)))
        self._speak(talk, words, self._noise(most, seed), way)

    def _speak(self, talk: Talk, words: torch.Tensor, noises: torch.Tensor, way: Way) -> None:
        """Read words and say a frame of each noise in turns, until the model is done.

        A GPU never waits for the host: it takes in a frame while the host fetches it, and says the next one while the
        host learns whether that was all. The last one, then, nobody hears.
        """
        windows = iter(words.split(WORDS))
        sounds, ends = Reader(self.device), Reader(self.device)
        is_ahead = sounds.is_behind
        for number, noise in enumerate(noises.split(1)):
            if number % FRAMES == 0 and (window := next(windows, None)) is not None:
                talk.read(window)
            sound = talk.say(noise)
            if is_ahead and number and ends.answer() > 0:
                break
            sounds.ask(sound)
            is_last = number + 1 == len(noises)
            if is_ahead and not is_last:
                ends.ask(talk.hear())
            way.put(to_samples(sounds.answer()))
            if not is_ahead and not is_last and talk.hear() > 0:
                break

    def _noise(self, frames: int, seed: int | None) -> torch.Tensor:
        """What all frames are made of; drawn by the processor, so that a seed sounds the same on every device."""
        import torch

        size = self._parts.head.noisy_images_proj.in_features
        generator = generator_of(torch.device("cpu"), seed)
        return torch.randn(frames, size, generator=generator).to(self.device)

    @property
    def _default(self) -> str:
        wanted = self.spec.voice or ""
        return wanted if wanted in self._voices else next(iter(self._voices))

    def _prompt(self, voice: str) -> Prompt:
        """A voice; that of the last request is still at hand."""
        file = self._voices[voice]
        try:
            state = f"{file} {revision(file)}"
            if self._last is None or self._last[0] != state:
                self._last = state, read_prompt(file, self.spec, self.folder.config)
        except OSError as error:
            raise EngineError(f"The voice {file} cannot be read ({error.strerror})", "unknown_voice") from None
        return self._last[1]


class _Nowhere:
    """Where a first run speaks to."""

    def put(self, item: Any) -> None:
        """Drop it."""

    def check(self) -> None:
        """Go on."""


def _tokenizer(spec: ModelSpec) -> Any:
    import tokenizers

    path = next(found for name in TOKENIZERS if (found := spec.find(name)))
    try:
        return tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library has no class of its own for it
        text = f"{path} is damaged ({str(error).partition(chr(10))[0]}); download the one of Qwen/Qwen2.5-0.5B"
        raise EngineError(text, "model_missing") from None


__all__ = ["RealtimeFamily"]
