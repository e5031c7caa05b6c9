from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")

import torch
from safetensors.torch import save_file

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.torch import checkpoint
from wyoming_openspeakers.engines.torch.checkpoint import float_types, read_tensors

TENSORS = {
    "matrix": torch.randn(300, 700),
    "half": torch.randn(5).half(),
    "brain": torch.randn(2, 3).bfloat16(),
    "double": torch.randn(3, dtype=torch.float64),
    "bytes": torch.arange(7, dtype=torch.uint8),
    "flag": torch.tensor(True),
    "whole": torch.tensor([1, -1]),
    "none": torch.zeros(0, 3),
}


@pytest.mark.parametrize("piece", [1_000, 8 << 20])
def test_reads_what_was_saved(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "PIECE", piece)
    save_file(TENSORS, tmp_path / "one", {"format": "pt"})
    save_file({"more": torch.ones(4)}, tmp_path / "two")
    tensors = read_tensors([tmp_path / "one", tmp_path / "two"])
    assert tensors.keys() == {*TENSORS, "more"}
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype and torch.equal(tensors[name], tensor), name


def test_tells_the_types_without_reading(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "one")
    assert float_types([tmp_path / "one"]) == {torch.float16, torch.bfloat16, torch.float32, torch.float64}


def test_a_file_of_nothing_has_nothing(tmp_path: Path) -> None:
    save_file({}, tmp_path / "one")
    assert read_tensors([tmp_path / "one"]) == {}


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(TENSORS, tmp_path / "one")
    monkeypatch.setattr(os, "preadv", lambda *arguments: 0)
    with pytest.raises(EngineError, match="one became shorter") as caught:
        read_tensors([tmp_path / "one"])
    assert caught.value.code == "model_missing"
