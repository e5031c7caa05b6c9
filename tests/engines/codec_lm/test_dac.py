"""DAC is found, is the right one, and hears what the library hears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_dia
import torch

from wyoming_openspeakers.engines.base import EngineError, ModelSpec
from wyoming_openspeakers.engines.codec_lm.dac import Dac, find_dac, load_dac, misfit
from wyoming_openspeakers.engines.torch.folder import ModelFolder

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Dac:
    # For so small a model other threads are only waited for.
    torch.set_num_threads(1)
    return load_dac(ModelFolder(tiny_dia.dac(tmp_path_factory.mktemp("dac"))))


def test_a_recording_becomes_the_codes_that_the_library_has_for_it(codec: Dac) -> None:
    samples = np.random.default_rng(2).standard_normal(512 * 7 - 100).astype(np.float32)
    filled = torch.from_numpy(np.concatenate([samples, np.zeros(100, np.float32)]))[None, None]
    with torch.no_grad():
        theirs = codec.module.encode(filled).audio_codes[0].T
        ours = codec.encode(samples, CPU)
    assert ours.shape == (7, 9) and torch.equal(ours, theirs)


def test_is_found_below_the_model_or_beside_it(tmp_path: Path) -> None:
    def found(*paths: Path) -> Path | None:
        folder = find_dac(ModelSpec("d", "codec_lm", tuple(map(str, paths))))
        return folder.path if folder else None

    below = tiny_dia.dac(tmp_path / "one" / "dac_44khz")
    beside = tiny_dia.dac(tmp_path / "codec of its own")
    assert found(tmp_path / "one") == below
    assert found(tmp_path / "two", beside) == beside
    assert found(tmp_path / "two") is None


@pytest.mark.parametrize("other", [{"n_codebooks": 4}, {"codebook_size": 512}, {"downsampling_ratios": [2, 4, 5, 8]}])
def test_says_when_it_is_another_codec(tmp_path: Path, other: dict[str, int]) -> None:
    assert "dac_44khz" in (misfit(ModelFolder(tiny_dia.dac(tmp_path / "other", **other)), 9, 1024) or "")
    assert misfit(ModelFolder(tiny_dia.dac(tmp_path / "right")), 9, 1024) is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = tiny_dia.dac(tmp_path)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(EngineError, match=r"model\.safetensors") as caught:
        load_dac(ModelFolder(folder))
    assert caught.value.code == "model_missing"
