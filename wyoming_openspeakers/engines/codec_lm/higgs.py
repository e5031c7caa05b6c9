"""Higgs Audio v2: a Llama with a second half for sound, which goes on with a talk in the codes of its own codec."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineError, EngineRequest, ModelSpec, Reference, Voice
from ..prompts import PromptCache, read_reference
from ..torch.decoding import Backbone
from ..torch.decoding_tokens import tokens_of
from ..torch.family import library
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.sampling import Sampler, generator_of
from .family import CodecFamily
from .frames import Decoder, Frame, FrameStreamer, Layout
from .higgs_backbone import SoundHalf
from .higgs_codec import FOLDERS, HiggsCodec, find_codec
from .higgs_delay import WINDOW, Codes, HiggsLayout, StepChoice
from .higgs_prompt import SCENE, SOUNDS, SPEAKER_TAGS, begins_with_speaker, conversation, last_speaker

if TYPE_CHECKING:
    import torch

RATE = 24_000

VOICES: Mapping[str, tuple[str, str | None, str]] = {
    "default": ("Whoever suits the text; a seed chooses who", None, ""),
    "female": ("A woman of its own making; a seed chooses which", "female", "feminine"),
    "male": ("A man of its own making; a seed chooses which", "male", "masculine"),
}
"""What a person reads, the gender, and what the model is told."""

LANGUAGES = ("en", "zh", "de", "ko")
"""As its authors' model card has them."""

MOST = 1024
"""Frames that a piece of text may take: 41 seconds."""

AUDIO = "<|AUDIO_OUT|>"
"""Stands in the chat template where a recording is."""

NEEDED = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


class HiggsFamily(CodecFamily):
    """A Higgs with its codec. Without a recording to go on from, all pieces of a text have the voice of its first."""

    kinds: ClassVar[tuple[str, ...]] = ("higgs_audio_v2",)
    needs: ClassVar[Mapping[str, str]] = {"tokenizers": "tokenizers", "jinja2": "jinja2"}
    # Slow speech has 12 characters in a second.
    longest: ClassVar[int] = 400
    whole_repository: ClassVar[bool] = False
    voice_by_seed: ClassVar[bool] = True
    clones: ClassVar[bool] = True
    needs_transcript: ClassVar[bool] = True
    dialogue: ClassVar[bool] = True
    tags: ClassVar[tuple[str, ...]] = tuple(SOUNDS)
    speaker_tags: ClassVar[tuple[str, ...]] = SPEAKER_TAGS
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 2,
            "default": 0.3,
            "description": "How freely it speaks: 0.3 is steady, 1 is lively and makes more mistakes",
        },
        "top_p": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
            "default": 0.95,
            "description": "How much of what is likely it chooses from",
        },
        "top_k": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1024,
            "default": 50,
            "description": "From how many of the likeliest codes it chooses",
        },
        "max_repeats": {
            "type": "integer",
            "minimum": 0,
            "maximum": WINDOW,
            "default": 2,
            "description": f"How often in {WINDOW} frames a code may come before another is chosen; 0 for any number",
        },
        "max_frames": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST,
            "default": MOST,
            "description": "The most that it says at once, 25 to a second",
        },
        "scene": {
            "type": "string",
            "default": SCENE,
            "description": "Where and how it is spoken, in words",
        },
    }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        place = find_codec(spec)
        assert place is not None
        self._codec = HiggsCodec(place)
        self._tokenizer = _tokenizer(folder)
        model_class = library("models.higgs_audio_v2.modeling_higgs_audio_v2").HiggsAudioV2ForConditionalGeneration
        # What writes text is trained with it, and never asked.
        self._model = load_model(model_class, folder, self.dtype, without=("text_lm_head.",))
        config = self._model.config
        self._codes = Codes(config.num_codebooks, config.audio_stream_bos_id, config.audio_stream_eos_id)
        if self._codec.codebooks < self._codes.codebooks or self._codec.codes < self._codes.sounds:
            text = f"The codec in {place.path} has fewer codes than the model in {folder.path}; take its own"
            raise EngineError(text, "model_missing")
        self._half = SoundHalf(self._model.model)
        self._backbone = Backbone(self._half, device, int(spec.parameters.get("max_frames", MOST)) + self.longest)
        self._recordings: PromptCache[list[Frame]] = PromptCache()
        self._own: tuple[str, list[Frame]] | None = None
        """What was said first in this request, where there is no recording to go on from."""

        self._speaker = ""
        """The tag of who was the last to speak in this request."""

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        return [Voice(name, LANGUAGES, told, gender, rate=RATE) for name, (told, gender, _) in VOICES.items()]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        codec = find_codec(spec)
        if codec is None:
            place = folder.path / FOLDERS[0]
            return f"Higgs needs a codec: put the files of bosonai/higgs-audio-v2-tokenizer into {place}"
        if absent := [name for name in NEEDED if not (folder.path / name).is_file()]:
            return f"{', '.join(absent)} is missing in {folder.path}; download the model again"
        return codec.missing() or super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        inner = self._model.model
        # The codec first: a recording is encoded before anything is said.
        return [*self._codec.stages, inner.embed_tokens, inner.embed_audio_tokens, inner.rotary_emb, *inner.layers,
                inner.norm, self._model.audio_lm_head]  # fmt: skip

    @property
    def watched(self) -> list[Any]:
        return [*self._codec.watched, *self._model.model.layers, self._backbone.gate]

    def begin(self, request: EngineRequest) -> None:
        self._own = None
        self._speaker = ""

    def forget(self, digests: Collection[str]) -> None:
        self._recordings.forget(digests)

    def rest(self) -> None:
        """Give back the memory on the device that can be had again."""
        self._backbone.rest()

    def layout(self) -> Layout:
        return HiggsLayout(self._codes)

    def decoder(self, seed: int | None) -> Decoder:
        return self._codec.sound()

    def generate(
        self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, streamer: FrameStreamer
    ) -> None:
        if self._speaker and not begins_with_speaker(text):
            text = f"{self._speaker} {text}"
        tokens, steps = self._prompt(text, request, str(settings.get("scene", SCENE)))
        streamer.put(tokens)
        sampler = Sampler(
            generator_of(self.device, seed),
            settings.get("temperature", 0.3),
            top_p=settings.get("top_p", 0.95),
            top_k=int(settings.get("top_k", 50)),
        )
        # Of a chance of its own: what is drawn in vain changes nothing.
        other = Sampler(generator_of(self.device, None if seed is None else seed ^ 1), 1.0)
        choice = StepChoice(self._codes, sampler, other, int(settings.get("max_repeats", 2)), self.device)
        # The last codebook of a frame comes so many steps after its first.
        most = int(settings.get("max_frames", MOST)) + self._codes.codebooks - 1
        self._say(tokens, steps, choice, most, streamer)
        streamer.end()
        self._speaker = last_speaker(text) or self._speaker
        if not request.references and self._own is None and streamer.frames:
            self._own = text, streamer.frames

    def warm_up(self) -> None:
        streamer = FrameStreamer(self.layout(), self.decoder(0), lambda samples: None)
        self.generate("a", EngineRequest("a", "default"), {"max_frames": 3}, 0, streamer)
        self.begin(EngineRequest("", ""))

    def _say(
        self, tokens: torch.Tensor, steps: torch.Tensor, choice: StepChoice, most: int, streamer: FrameStreamer
    ) -> None:
        """Go on from a prompt step by step. The library's own loop tells nobody the codes before the end."""
        model, codebooks = self._model, self._codes.codebooks

        def choose(said: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            return choice(said, model.audio_lm_head(state).float().reshape(codebooks, -1))

        def embed(codes: torch.Tensor) -> torch.Tensor:
            embedded: torch.Tensor = model.model.embed_audio_tokens(codes[None])
            return embedded

        with self._half.prompted(tokens, steps) as embeds, self._backbone.sequence(embeds, most) as sequence:
            for codes in tokens_of(sequence, most, choose, embed, codebooks):
                streamer.put(codes)
                if streamer.is_over:
                    break

    def _prompt(self, text: str, request: EngineRequest, scene: str) -> tuple[torch.Tensor, torch.Tensor]:
        """The tokens to go on from, and the steps of all sound among them."""
        import torch

        recordings = [(reference.transcript, self._frames_of(reference)) for reference in request.references]
        before = recordings or ([self._own] if self._own else [])
        manner = VOICES[request.voice][2] if request.voice in VOICES and not recordings else ""
        turns = conversation(text, [said for said, _ in before], scene=scene, manner=manner, is_cloned=bool(recordings))
        written = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        config, codes = self._model.config, self._codes
        steps: list[Frame] = []
        tokens: list[int] = []
        for number, part in enumerate(written.split(AUDIO)):
            if number:
                sound = codes.delayed(before[number - 1][1])
                late = codes.codebooks - 1
                tokens += [config.audio_token_id] * (len(sound) - late) + [config.audio_delay_token_id] * late
                steps += sound
            tokens += self._tokenizer(part, add_special_tokens=False).input_ids
        # The first step of all that is said is known.
        tokens.append(config.audio_token_id)
        steps.append([codes.begin] * codes.codebooks)
        return torch.tensor([tokens], device=self.device), torch.tensor(steps, device=self.device)

    def _frames_of(self, reference: Reference) -> list[Frame]:
        return self._recordings.get(reference, lambda: self._codec.encode(*read_reference(reference)))


def _tokenizer(folder: ModelFolder) -> Any:
    tokenizer = library("models.auto.tokenization_auto").AutoTokenizer
    try:
        return tokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the library raises whatever it meets in the file
        text = f"The tokenizer in {folder.path} is damaged ({str(error).partition(chr(10))[0]}); download it again"
        raise EngineError(text, "model_missing") from error


FAMILY = HiggsFamily
