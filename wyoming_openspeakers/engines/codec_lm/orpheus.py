"""Orpheus: a Llama that says the codes of a SNAC, in eight voices that laugh and sigh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineRequest, ModelSpec, Voice
from ..torch.decoding import Backbone
from ..torch.decoding_tokens import tokens_of
from ..torch.family import library, needs_package
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from ..torch.sampling import Sampler, generator_of
from .family import CodecFamily
from .frames import Decoder, Frame, FrameStreamer, Layout
from .snac_files import find_snac, load_snac
from .snac_windows import SnacWindows

if TYPE_CHECKING:
    import torch

RATE = 24_000

VOICES = {
    "tara": "female", "leah": "female", "jess": "female", "leo": "male", "dan": "male", "mia": "female", "zac": "male",
    "zoe": "female",
}  # fmt: skip
"""The authors' order: the best first."""

TAGS = ("laugh", "chuckle", "sigh", "cough", "sniffle", "groan", "yawn", "gasp")
"""Sounds that a text can ask for: `<laugh>`."""

TEXT_BEGINS = (128_259,)
TEXT_ENDS = (128_009, 128_260, 128_261, 128_257)
SPEECH_ENDS = 128_258
FIRST_CODE = 128_266

CODES = 4_096
PLACES = (0, 1, 4, 2, 3, 5, 6)
"""Where in seven tokens the codes of a frame are: the one of the slowest rate, the two, the four."""

WORDS = FIRST_CODE + CODES * len(PLACES)
"""The least size of a vocabulary that has all of these."""


MOST = 1_200
"""Tokens that a piece of text may take: 14 seconds."""


class OrpheusLayout(Layout):
    """Seven tokens a frame, each from a range of its own."""

    def __init__(self) -> None:
        self._codes: Frame = []

    def take(self, tokens: torch.Tensor) -> Frame | None:
        number = int(tokens.reshape(-1)[-1])
        if number == SPEECH_ENDS:
            self.is_over = True
            return None
        self._codes.append(number - FIRST_CODE - CODES * len(self._codes))
        if len(self._codes) < len(PLACES):
            return None
        codes, self._codes = self._codes, []
        return [codes[place] for place in PLACES]


class CodeChoice:
    """Says only what can come next: a code for its place in the frame, or the end."""

    def __init__(self, sampler: Sampler, penalty: float) -> None:
        self._sampler = sampler
        self._repetition = library("generation.logits_process").RepetitionPenaltyLogitsProcessor(float(penalty))

    def __call__(self, said: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The token (1, 1) after those that were said (tokens, 1), by the scores of all from the end of speech on."""
        import torch

        place = said.shape[0] % len(PLACES)
        first = FIRST_CODE + CODES * place
        codes = scores[:, first - SPEECH_ENDS : first - SPEECH_ENDS + CODES].float()
        if said.shape[0] > place:
            # After the end, which is known only later, anything may be said.
            earlier = (said[place :: len(PLACES)] - first).clamp(0, CODES - 1)
            codes = self._repetition(earlier.T, codes)
        able = torch.cat([codes, scores[:, :1].float()], dim=1)
        chosen = self._sampler.noisy(able).argmax(dim=1, keepdim=True)
        return torch.where(chosen == CODES, SPEECH_ENDS, chosen + first)


def speech_head(head: Any) -> Any:
    """The part of a model's head that says codes: a sixth of it, in the same memory."""
    from torch import nn

    head.weight = nn.Parameter(head.weight[SPEECH_ENDS:WORDS], requires_grad=False)
    head.out_features = WORDS - SPEECH_ENDS
    return head


class OrpheusFamily(CodecFamily):
    """An Orpheus with its codec."""

    kinds: ClassVar[tuple[str, ...]] = ("llama",)
    whole_repository: ClassVar[bool] = False
    tags: ClassVar[tuple[str, ...]] = tuple(f"<{tag}>" for tag in TAGS)
    # Slow speech has 12 characters in a second.
    longest: ClassVar[int] = 160
    parameters: ClassVar[Mapping[str, Any]] = {
        "temperature": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 2,
            "default": 0.6,
            "description": "How freely it speaks",
        },
        "top_p": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
            "default": 0.8,
            "description": "How much of what is likely it chooses from",
        },
        "repetition_penalty": {
            "type": "number",
            "minimum": 1.0,
            "maximum": 2,
            "default": 1.3,
            "description": "How much it avoids what it has said; below 1.1 it does not come to an end",
        },
        "max_tokens": {
            "type": "integer",
            "minimum": 7,
            "maximum": 4096,
            "default": MOST,
            "description": "The most that it says at once, 82 to a second",
        },
    }

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        codec = find_snac(spec)
        assert codec is not None
        self._codec = load_snac(codec)
        tokenizer = library("models.auto.tokenization_auto").AutoTokenizer
        self._tokenizer = tokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        self._model = load_model(library("models.llama.modeling_llama").LlamaForCausalLM, folder, self.dtype)
        self._model.lm_head = speech_head(self._model.lm_head)
        usual = int(spec.parameters.get("max_tokens", MOST)) + self.longest
        self._backbone = Backbone(self._model.model, device, usual)

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        return [Voice(name, ("en",), name.capitalize(), gender, rate=RATE) for name, gender in VOICES.items()]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if int(folder.config.get("vocab_size") or 0) < WORDS:
            return f"The Llama in {folder.path} does not speak: no Orpheus has fewer than {WORDS} tokens"
        codec = find_snac(spec)
        if codec is None:
            return f"Orpheus needs a codec: put the files of hubertsiuzdak/snac_24khz into {folder.path / 'snac'}"
        if not (folder.path / "tokenizer.json").is_file():
            return f"tokenizer.json is missing in {folder.path}; download the model again"
        if not spec.has_package("tokenizers"):
            return needs_package("tokenizers", "tokenizers")
        return codec.missing() or super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        inner = self._model.model
        # The codec is not called as a module, so that it has to be there before one that is.
        return [self._codec.module, inner.embed_tokens, inner.rotary_emb, *inner.layers, inner.norm,
                self._model.lm_head]  # fmt: skip

    @property
    def watched(self) -> list[Any]:
        return [*self._model.model.layers, self._backbone.gate]

    def rest(self) -> None:
        """Give back what can be made again."""
        self._backbone.rest()

    def layout(self) -> Layout:
        return OrpheusLayout()

    def decoder(self, seed: int | None) -> Decoder:
        return SnacWindows(self._codec, generator_of(self.device, seed))

    def generate(
        self, text: str, request: EngineRequest, settings: Mapping[str, Any], seed: int | None, streamer: FrameStreamer
    ) -> None:
        import torch

        words = self._tokenizer(f"{request.voice or next(iter(VOICES))}: {text}").input_ids
        prompt = torch.tensor([[*TEXT_BEGINS, *words, *TEXT_ENDS]], device=self.device)
        sampler = Sampler(
            generator_of(self.device, seed), settings.get("temperature", 0.6), top_p=settings.get("top_p", 0.8)
        )
        choice = CodeChoice(sampler, settings.get("repetition_penalty", 1.3))
        most, embed, head = int(settings.get("max_tokens", MOST)), self._model.model.embed_tokens, self._model.lm_head
        streamer.put(prompt)
        with self._backbone.sequence(embed(prompt), most) as sequence:
            for token in tokens_of(sequence, most, lambda said, state: choice(said, head(state)), embed):
                streamer.put(token)
                if int(token) == SPEECH_ENDS:
                    break
        streamer.end()

    def warm_up(self) -> None:
        chunks: list[Any] = []
        streamer = FrameStreamer(self.layout(), self.decoder(0), chunks.append)
        settings = {"max_tokens": len(PLACES)}
        self.generate("a", EngineRequest("a", next(iter(VOICES))), settings, 0, streamer)


FAMILY = OrpheusFamily
