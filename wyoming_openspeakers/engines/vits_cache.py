"""Voices cut in three, kept on disk so that each is cut only once."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from .base import EngineError
from .control import CancelFlag, Share
from .onnx_session import Tensor
from .vits_blocked import blocked
from .vits_split import NotSplittable, Split, split, stage_from
from .vits_stream import SplitVoice, Voice, WholeVoice

_LOGGER = logging.getLogger(__name__)

VERSION = 3
"""Counts up when a part changes, so that older ones are made anew."""

TOLERANCE = 1e-3
"""Largest difference of a sample between the parts and the whole; rounding gives about 1e-5."""

PARTS = ("text", "flow", "decoder", "decoder_on_one")


def open_voice(model: Path, symbols: int, cache: Path | None, threads: int) -> Voice:
    """Open a voice in three parts, from the cache or by cutting it; whole when it cannot be cut."""
    folder = None if cache is None else cache / _key(model)
    if folder is not None and (kept := _kept_voice(folder, threads)):
        return kept
    whole = _whole_voice(model, threads)
    try:
        import onnx

        parts = _quickest(split(onnx.load(str(model))), whole, symbols, threads)
        voice = SplitVoice(parts, threads)
        _check(voice, whole, symbols)
    except (ImportError, NotSplittable, EngineError, ValueError) as error:
        _LOGGER.warning("%s speaks whole sentences only, it cannot be cut: %s", model.name, error)
        return whole
    if folder is not None:
        _write(folder, parts)
    return voice


def _kept_voice(folder: Path, threads: int) -> Voice | None:
    parts = _read(folder)
    try:
        return SplitVoice(parts, threads) if parts else None
    except EngineError as error:
        _drop(folder, error)
        return None


def _whole_voice(model: Path, threads: int) -> WholeVoice:
    try:
        return WholeVoice(model, threads)
    except EngineError as error:
        text = f"{model} is damaged or no voice; download it again ({error.__cause__ or error})"
        raise EngineError(text, error.code) from error


def _quickest(parts: Split, whole: WholeVoice, symbols: int, threads: int) -> Split:
    """The parts with a decoder that one core runs quicker, where that says the same."""
    try:
        quicker = replace(parts, decoder_on_one=blocked(parts.decoder))
        _check(SplitVoice(quicker, threads), whole, symbols)
    except (NotSplittable, EngineError) as error:
        _LOGGER.info("The decoder stays as it is: %s", error)
        return parts
    return quicker


def _check(voice: SplitVoice, whole: WholeVoice, symbols: int) -> None:
    """Hear whether the parts say exactly what the whole says."""
    ids = np.arange(1, 80, dtype=np.int64)[None] % symbols
    feeds: dict[str, Tensor] = {
        "input": ids,
        "input_lengths": np.array([ids.size], np.int64),
        "scales": np.array([0, 1, 0], np.float32),
        "sid": np.zeros(1, np.int64),
    }
    (expected,) = whole.speak(feeds, CancelFlag())
    share = Share()
    for share.is_whole in (True, False):
        spoken = np.concatenate(list(voice.speak(feeds, CancelFlag(), share)))
        if spoken.shape != expected.shape or not np.allclose(spoken, expected, rtol=0, atol=TOLERANCE):
            raise NotSplittable("the parts do not sound like the whole")


def _key(model: Path) -> str:
    status = model.stat()
    text = f"{VERSION} {model.resolve()} {status.st_size} {status.st_mtime_ns}"
    return f"{model.stem}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _read(folder: Path) -> Split | None:
    try:
        stages = json.loads((folder / "stages.json").read_text())
        models = ((folder / f"{part}.onnx").read_bytes() for part in PARTS)
        text, flow, decoder, on_one = models
        return Split(text, flow, decoder, on_one, stage_from(stages["flow"]), stage_from(stages["decoder"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _drop(folder, error)
        return None


def _drop(folder: Path, error: Exception) -> None:
    _LOGGER.warning("%s is damaged and made anew: %s", folder, error)
    shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, parts: Split) -> None:
    """Write beside and rename, so that a crash leaves nothing half done. A cache that cannot be written is no error."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        try:
            for part in PARTS:
                (scratch / f"{part}.onnx").write_bytes(getattr(parts, part))
            (scratch / "stages.json").write_text(json.dumps(parts.stages()))
            os.replace(scratch, folder)  # noqa: PTH105 - a folder that another process just made is kept
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        if not folder.is_dir():
            _LOGGER.warning("%s cannot be kept: %s", folder, error)
