from __future__ import annotations

import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from assets import PIPER_VOICE

from wyoming_openspeakers.engines import vits_cache, vits_split
from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.vits_cache import open_voice
from wyoming_openspeakers.engines.vits_split import Split, Stage
from wyoming_openspeakers.engines.vits_stream import SplitVoice, WholeVoice

pytestmark = pytest.mark.slow

SYMBOLS = 256

STAGE = Stage("z", ("g",), 11, 11, 256, 52)
PARTS = Split(b"text", b"flow", b"decoder", b"on one", STAGE, STAGE)


@pytest.fixture
def model(piper_folder: Path) -> Path:
    return piper_folder / f"{PIPER_VOICE}.onnx"


@pytest.fixture
def cut(model: Path, cut_voices: Path, tmp_path: Path) -> Path:
    """A cache with the voice in it, cut by whoever was the first to open it."""
    assert isinstance(open_voice(model, SYMBOLS, cut_voices, 2), SplitVoice)
    # Another process may be cutting it at this very moment.
    return Path(shutil.copytree(cut_voices, tmp_path / "cut", ignore=shutil.ignore_patterns(".*")))


def test_cuts_once_and_reads_it_again(model: Path, cut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = cut.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [
        "decoder.onnx",
        "decoder_on_one.onnx",
        "flow.onnx",
        "stages.json",
        "text.onnx",
    ]

    monkeypatch.setattr(vits_cache, "split", lambda model: pytest.fail("cut a second time"))
    assert isinstance(open_voice(model, SYMBOLS, cut, 2), SplitVoice)


def test_a_part_that_is_damaged_is_made_anew(model: Path, cut: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder,) = cut.iterdir()
    file = folder / "flow.onnx"
    whole = file.read_bytes()
    file.write_bytes(b"")
    assert isinstance(open_voice(model, SYMBOLS, cut, 2), SplitVoice)
    assert file.read_bytes() == whole and "made anew" in caplog.text


@pytest.mark.parametrize("keep", [0, 1000, 1_000_000])
def test_a_voice_that_is_damaged_is_named(model: Path, tmp_path: Path, keep: int) -> None:
    damaged = tmp_path / "voice.onnx"
    damaged.write_bytes(model.read_bytes()[:keep])
    with pytest.raises(EngineError, match="download it again") as caught:
        open_voice(damaged, SYMBOLS, tmp_path / "cache", 2)
    assert str(damaged) in str(caught.value) and caught.value.code == "model_missing"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    vits_cache._write(tmp_path / "cache" / "voice", PARTS)
    assert vits_cache._read(tmp_path / "cache" / "voice") == PARTS
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["voice"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"flow": {}, "decoder": {}}'])
def test_a_damaged_entry_is_cleared_away(tmp_path: Path, damage: str) -> None:
    vits_cache._write(tmp_path / "voice", PARTS)
    (tmp_path / "voice" / "stages.json").write_text(damage)
    assert vits_cache._read(tmp_path / "voice") is None
    vits_cache._write(tmp_path / "voice", PARTS)
    assert vits_cache._read(tmp_path / "voice") == PARTS


def test_an_entry_that_another_process_has_just_made_is_kept(tmp_path: Path) -> None:
    vits_cache._write(tmp_path / "voice", PARTS)
    vits_cache._write(tmp_path / "voice", Split(b"other", b"other", b"other", b"other", STAGE, STAGE))
    assert vits_cache._read(tmp_path / "voice") == PARTS
    assert [path.name for path in tmp_path.iterdir()] == ["voice"]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    vits_cache._write(tmp_path / "file" / "voice", PARTS)
    assert "cannot be kept" in caplog.text


def test_a_voice_that_cannot_be_cut_speaks_whole(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(model: object) -> None:
        raise vits_split.NotSplittable("it is another kind of model")

    monkeypatch.setattr(vits_cache, "split", refuse)
    with caplog.at_level(logging.WARNING):
        assert isinstance(open_voice(model, SYMBOLS, tmp_path, 2), WholeVoice)
    assert "another kind of model" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_parts_that_sound_different_are_not_used(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_split = vits_split.split

    def wrong(model: object) -> vits_split.Split:
        parts = true_split(model)
        stage = vits_split.stage_from({**parts.stages()["decoder"], "spare": parts.decoder_stage.spare + 1})
        return replace(parts, decoder_stage=stage)

    monkeypatch.setattr(vits_cache, "split", wrong)
    assert isinstance(open_voice(model, SYMBOLS, tmp_path, 2), WholeVoice)


def test_a_replaced_voice_has_another_key(tmp_path: Path) -> None:
    path = tmp_path / "voice.onnx"
    path.touch()
    before = vits_cache._key(path)
    os.utime(path, (1, 1))
    assert vits_cache._key(path) != before
