"""SeamlessM4T: one voice model for three dozen languages, with hundreds of speakers.

It was made to translate. Here it is given the words to say, so that it says what is written and not what it would
have put differently; its own decoder of text, the slow part, is skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import EngineError, EngineRequest, ModelSpec, Samples, Voice
from ..offer import offered
from ..revision import revision
from ..torch.family import library, needs_package, speaker_number, stages_of, to_samples
from ..torch.folder import ModelFolder
from ..torch.load import load_model
from .languages import tag
from .whole import WholeFamily

if TYPE_CHECKING:
    import torch

RATE = 16_000

SETTINGS = "generation_config.json"

LANGUAGES = ("text_decoder_lang_to_code_id", "t2u_lang_code_to_id", "vocoder_lang_code_to_id")
"""A language that is not in all of these can be written, but not spoken."""

SECOND = "seamless_m4t_v2"


class SeamlessFamily(WholeFamily):
    """A SeamlessM4T of either version, without what listens.

    In the first version each sound lasts a whole number of 20 ms, often just one, so that it becomes slower as wanted,
    but hardly faster.
    """

    kinds: ClassVar[tuple[str, ...]] = ("seamless_m4t", SECOND)
    has_speeds: ClassVar[bool] = True
    # The first version stops after 1,024 sounds.
    longest: ClassVar[int] = 200

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        super().__init__(spec, folder, device)
        tokenizer = library("models.seamless_m4t.tokenization_seamless_m4t").SeamlessM4TTokenizer
        self._tokenizer = tokenizer.from_pretrained(folder.path, local_files_only=True)
        modeling = library(f"models.{folder.kind}.modeling_{folder.kind}")
        is_second = folder.kind == SECOND
        model_class = modeling.SeamlessM4Tv2ForTextToSpeech if is_second else modeling.SeamlessM4TForTextToSpeech
        self._model = load_model(model_class, folder, self.dtype, without=("speech_encoder.",))
        self._speaker_is = "speaker_id" if is_second else "spkr_id"
        self._languages = _languages(folder)
        self._default = (_wanted(spec, folder) or list(self._languages))[0]
        lengths = self._model.t2u_model.model.decoder.duration_predictor if is_second else None
        self._speed = 1.0
        (lengths or self._model.vocoder.dur_predictor).register_forward_hook(self._pace)

    @classmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        languages = _wanted(spec, folder)
        count = _speakers(folder)
        speakers = tuple(map(str, range(count))) if count > 1 else ()
        description = f"{count} speakers, {len(languages)} languages"
        rate = int(folder.config.get("sampling_rate") or RATE)
        return [Voice("default", tuple(languages), description, speakers=speakers, rate=rate)]

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        if not _languages(folder):
            return f"{SETTINGS} is missing in {folder.path} or names no language; download the model again"
        if not (folder.path / "tokenizer.json").is_file():
            if not (folder.path / "sentencepiece.bpe.model").is_file():
                return f"tokenizer.json is missing in {folder.path}; download the model again"
            if not spec.has_package("sentencepiece"):
                return needs_package("sentencepiece", "sentencepiece")
        return super().problem(spec, folder)

    @property
    def stages(self) -> list[Any]:
        return stages_of(self._model, "shared", "text_encoder", "text_decoder", "t2u_model", "vocoder")

    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        count = _speakers(self.folder)
        speaker = speaker_number(request, count) if count > 1 else 0
        self._speed = request.speed
        return self._run(text, self._language(request.language), speaker)

    def warm_up(self) -> None:
        self._speed = 1.0
        # The first version would babble for as long as a sentence may be.
        least = {} if self.folder.kind == SECOND else {"speech_max_new_tokens": 4}
        self._run("a", self._languages[self._default], 0, **least)

    def _run(self, text: str, language: str, speaker: int, **options: Any) -> Samples:
        import torch

        inputs = self._tokenizer(text, src_lang=language, return_tensors="pt").to(self.device)
        outputs = library("generation.utils").GenerateEncoderDecoderOutput

        def say(model: Any, begin: Any, encoder_outputs: Any, **others: Any) -> Any:
            # After the language's own token at its begin, both texts are the same.
            words = torch.cat([begin, inputs.input_ids[:, 1:]], dim=1)
            return outputs(sequences=words, encoder_hidden_states=(encoder_outputs.last_hidden_state,))

        waveform, _ = self._model.generate(
            **inputs,
            tgt_lang=language,
            text_custom_generate=say,
            text_num_beams=1,
            text_do_sample=False,
            **{self._speaker_is: speaker},
            **options,
        )
        return to_samples(waveform)

    def _language(self, name: str | None) -> str:
        """The model's code for a language; for `de-AT` that for `de`."""
        wanted = name or self._default
        code = self._languages.get(wanted) or self._languages.get(wanted.partition("-")[0].lower())
        if code is None:
            text = f"The model does not speak {wanted}; it speaks {', '.join(self._languages)}"
            raise EngineError(text, "bad_parameter")
        return code

    def _pace(self, module: Any, arguments: Any, lengths: torch.Tensor) -> torch.Tensor:
        """Lengths as logarithms, as the model gives them, at the speed that is wanted."""
        import torch

        return lengths if self._speed == 1 else torch.log1p(torch.expm1(lengths) / self._speed)


def _speakers(folder: ModelFolder) -> int:
    return int(folder.config.get("vocoder_num_spkrs") or 200)


def _wanted(spec: ModelSpec, folder: ModelFolder) -> list[str]:
    """The languages that are wanted, English first."""
    languages = sorted(_languages(folder), key=lambda language: (language != "en", language))
    return [language for language in languages if offered([Voice("", (language,))], spec)]


def _languages(folder: ModelFolder) -> dict[str, str]:
    """The model's codes of the languages that it speaks, by BCP 47 tag."""
    path = folder.path / SETTINGS
    try:
        return _read_languages(path, revision(path))
    except OSError:
        return {}


@lru_cache(maxsize=64)
def _read_languages(path: Path, state: str) -> dict[str, str]:
    # The second version's file holds all of its words too: megabytes that the service has no use for.
    content = path.read_text("utf-8", errors="replace")
    tables: Sequence[Mapping[str, int]] = [_table(content, name) for name in LANGUAGES]
    languages: dict[str, str] = {}
    for code in tables[0]:
        if all(code in table for table in tables) and (language := tag(code)):
            languages.setdefault(language, code)
    return languages


def _table(content: str, name: str) -> Mapping[str, int]:
    match = re.search(rf'"{name}":\s*({{[^{{}}]*}})', content)
    try:
        table: Mapping[str, int] = json.loads(match[1]) if match else {}
    except ValueError:
        return {}
    return table


FAMILY = SeamlessFamily
