"""A voice's pickle is read without being obeyed: the numbers come out, and nothing else happens."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice_realtime as tiny
import torch
from safetensors.torch import load_file

from wyoming_openspeakers.engines.base import EngineError, ModelSpec
from wyoming_openspeakers.engines.vibevoice.realtime import voice_pickle
from wyoming_openspeakers.engines.vibevoice.realtime.conversion import converted
from wyoming_openspeakers.engines.vibevoice.realtime.prompt import read_prompt

HERE = ModelSpec("", "")


def cached(folder: Path) -> ModelSpec:
    return ModelSpec("", "", cache_path=str(folder))


def packed(file: Path, content: bytes, **members: bytes) -> Path:
    """A file as torch packs it."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("voice/data.pkl", content)
        for name, raw in members.items():
            archive.writestr(f"voice/data/{name[1:]}", raw)
    return file


def calling(function: Callable[..., Any], *arguments: Any) -> bytes:
    """A pickle that calls a function when it is read."""

    class Call:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
            return function, arguments

    return pickle.dumps({"lm": Call()}, protocol=2)


def test_the_numbers_are_those_that_torch_reads(tmp_path: Path) -> None:
    file = tiny.voice(tmp_path / "en-Carter_man.pt", seed=3)
    prompt = read_prompt(file, HERE, tiny.config())
    # Written here a moment ago: it may be read as what it is.
    theirs = torch.load(file, weights_only=False)
    for state, name in ((prompt.text, "lm"), (prompt.speech, "tts_lm"), (prompt.free, "neg_tts_lm")):
        past = theirs[name]["past_key_values"]
        assert len(state) == len(past.key_cache)
        for layer, (keys, values) in enumerate(zip(past.key_cache, past.value_cache, strict=True)):
            assert torch.equal(state[layer][0], keys[0]) and torch.equal(state[layer][1], values[0])
    assert torch.equal(prompt.free_last, theirs["neg_tts_lm"]["last_hidden_state"][0, -1])


def test_it_is_converted_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tiny.voice(tmp_path / "en-Carter_man.pt")
    for spec, folder in ((cached(tmp_path / "cache"), tmp_path / "cache"), (HERE, tmp_path)):
        first = read_prompt(file, spec, tiny.config())
        (kept,) = folder.glob("en-Carter_man.*.safetensors")
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "run", None)
            assert torch.equal(read_prompt(file, spec, tiny.config()).speech, first.speech)
        assert set(load_file(kept)) == {"lm", "tts_lm", "neg_tts_lm", "neg_tts_lm.last"}
        assert not list(folder.glob(".voice-*"))


def test_another_pickle_of_the_same_name_is_converted_anew(tmp_path: Path) -> None:
    file = tiny.voice(tmp_path / "voice.pt", seed=1)
    one = read_prompt(file, cached(tmp_path / "cache"), tiny.config())
    tiny.voice(file, seed=2, speech=23)
    assert read_prompt(file, cached(tmp_path / "cache"), tiny.config()).speech.shape != one.speech.shape


def test_it_speaks_where_nothing_can_be_kept(tmp_path: Path) -> None:
    file = tiny.voice(tmp_path / "voice.pt")
    (tmp_path / "taken").touch()
    assert read_prompt(file, cached(tmp_path / "taken"), tiny.config()).text.shape[0] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken", "voice.pt"]


@pytest.mark.parametrize("function", [os.system, os.mkdir, eval, exec, getattr, __import__, subprocess.getoutput, open])
def test_a_pickle_that_calls_is_refused(tmp_path: Path, function: Callable[..., Any]) -> None:
    mark = tmp_path / "mark"
    argument = str(mark) if function is os.mkdir else f"touch {mark}"
    if function in (eval, exec):
        argument = f"__import__('os').mkdir({str(mark)!r})"
    file = packed(tmp_path / "voice.pt", calling(function, argument))
    with pytest.raises(EngineError, match=r"voice\.pt is damaged, or not one: it asks for") as caught:
        read_prompt(file, HERE, tiny.config())
    assert caught.value.code == "model_missing"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice.pt"]


def test_what_a_known_name_holds_cannot_be_reached(tmp_path: Path) -> None:
    # Names with dots lead to attributes in newer pickles.
    content = b"\x80\x04\x8c\x0ctorch._utils\x8c\x1e_rebuild_tensor_v2.__globals__\x93."
    with pytest.raises(EngineError, match="it asks for"):
        read_prompt(packed(tmp_path / "voice.pt", content), HERE, tiny.config())


def test_in_its_process_no_file_can_be_opened(tmp_path: Path) -> None:
    script = (
        "import runpy, sys\n"
        f"program = runpy.run_path({voice_pickle.__file__!r})\n"
        "sys.addaudithook(program['refuse'])\n"
        "open(sys.argv[1], 'w')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "mark")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode and "it tried what no voice needs: open" in done.stderr
    assert not (tmp_path / "mark").exists()


def growing() -> bytes:
    """A small pickle of a large thing: each list holds the one before ten times."""
    return b"\x80\x02" + b"(" + b"X\x04\x00\x00\x00long" + b"".join(
        b"(" + (b"h" + bytes([number - 1]) if number else b"X\x01\x00\x00\x00a") * 10 + b"lq" + bytes([number])
        for number in range(12)
    ) + b"l."  # fmt: skip


def storage(kind: bytes, *, offset: int = 0, length: int = 4, stride: int = 1) -> bytes:
    """A pickle of one tensor."""
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n" + kind
        + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK" + bytes([offset]) + b"K" + bytes([length]) + b"\x85K"
        + bytes([stride]) + b"\x85\x89NtR."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not a pickle", "damaged"),
        (b"", "damaged"),
        (growing(), "damaged"),
        (b"\x80\x02}.", "lm"),
        (storage(b"LongStorage"), "it asks for torch.LongStorage"),
        (storage(b"FloatStorage", offset=1), "larger than its numbers"),
        (storage(b"FloatStorage", length=200), "larger than its numbers"),
        (storage(b"FloatStorage", stride=2), "strides"),
        (b"\x80\x02" + b"x" * (voice_pickle.MOST_PICKLED + 1), "no file of torch"),
    ],
)
def test_what_is_no_voice_is_told_of(tmp_path: Path, content: bytes, told: str) -> None:
    file = packed(tmp_path / "voice.pt", content, _0=bytes(16))
    with pytest.raises(EngineError) as caught:
        read_prompt(file, HERE, tiny.config())
    assert told in str(caught.value) and str(file) in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice.pt"]


def test_numbers_that_were_made_small_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "voice.pt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("voice/data.pkl", storage(b"FloatStorage"))
        archive.writestr("voice/data/0", bytes(1 << 24))
    with pytest.raises(EngineError, match="unknown kind"):
        read_prompt(file, HERE, tiny.config())


def test_a_file_that_was_cut_off_is_told_of(tmp_path: Path) -> None:
    file = tiny.voice(tmp_path / "voice.pt")
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(EngineError, match=r"voice\.pt is damaged, or not one: .*; download it again"):
        read_prompt(file, HERE, tiny.config())


def test_a_reader_that_takes_too_much_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tiny.voice(tmp_path / "voice.pt")
    real = subprocess.run

    def too_long(command: list[str], **options: Any) -> Any:
        return real([sys.executable, "-c", "import time; time.sleep(30)"], **{**options, "timeout": 0.2})

    def killed(command: list[str], **options: Any) -> Any:
        return real([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], **options)

    for way, told in ((too_long, "takes too long"), (killed, "was stopped")):
        monkeypatch.setattr(subprocess, "run", way)
        with pytest.raises(EngineError, match=told), converted(file, HERE):
            pass


def test_a_voice_of_another_model_is_told_of(tmp_path: Path) -> None:
    config = tiny.config()
    config["decoder_config"]["num_hidden_layers"] += 1
    with pytest.raises(EngineError, match="for another model"):
        read_prompt(tiny.voice(tmp_path / "voice.pt"), HERE, config)
