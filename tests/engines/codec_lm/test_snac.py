"""Our SNAC sounds as the author's does, and in windows as in one run."""

from __future__ import annotations

import itertools
import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_codec_models
import torch

from wyoming_openspeakers.engines.base import EngineError, ModelSpec, Samples
from wyoming_openspeakers.engines.codec_lm.snac import Snac
from wyoming_openspeakers.engines.codec_lm.snac_files import find_snac, load_snac
from wyoming_openspeakers.engines.codec_lm.snac_windows import SnacWindows
from wyoming_openspeakers.engines.torch.folder import ModelFolder

pytestmark = pytest.mark.slow

FRAMES = 14
CODES = np.random.default_rng(1).integers(0, 4096, (FRAMES, 7)).tolist()


def load(folder: Path, **options: bool) -> Snac:
    return load_snac(ModelFolder(tiny_codec_models.snac(folder, **options)))


def in_chunks(codec: Snac, sizes: list[int], ahead: int | None = None) -> Samples:
    windows = SnacWindows(codec, torch.Generator().manual_seed(1), ahead)
    ends = [0, *itertools.accumulate(sizes)]
    assert ends[-1] == FRAMES
    chunks = [windows.push(CODES[begin:end]) for begin, end in itertools.pairwise(ends)]
    return np.concatenate([*chunks, windows.finish([])])


def test_it_is_the_authors(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        package: Any = pytest.importorskip("snac", reason="compares with the author's package: pip install snac")
    codec = load(tmp_path, noise=False)
    theirs = package.SNAC(**json.loads((tmp_path / "config.json").read_text()))
    loaded = theirs.load_state_dict(torch.load(tmp_path / "pytorch_model.bin", weights_only=True), strict=False)
    assert not loaded.unexpected_keys and all(name.startswith("encoder.") for name in loaded.missing_keys)
    rows = torch.tensor(CODES)
    with torch.no_grad():
        sound = theirs.eval().decode([rows[:, begin:end].reshape(1, -1) for begin, end in ((0, 1), (1, 3), (3, 7))])
    noise = torch.zeros(FRAMES, sum(codec.noises))
    ours = codec.decode(rows, noise).numpy()
    assert ours.std() > 0.01
    np.testing.assert_allclose(ours, sound.reshape(-1).numpy(), atol=1e-5)


@pytest.mark.parametrize("sizes", [[1] * FRAMES, [3, 1, 4, 6], [FRAMES]])
def test_windows_that_reach_far_enough_sound_as_one_run(tmp_path: Path, sizes: list[int]) -> None:
    codec = load(tmp_path)
    assert codec.reach == 3 and codec.samples == 2048
    whole = in_chunks(codec, [FRAMES])
    assert whole.shape == (FRAMES * 2048,)
    np.testing.assert_allclose(in_chunks(codec, sizes), whole, atol=1e-5)


def test_less_than_it_waits_for_would_be_heard_less_well(tmp_path: Path) -> None:
    codec = load(tmp_path)
    whole = in_chunks(codec, [FRAMES])
    errors = [float(np.std(in_chunks(codec, [1] * FRAMES, ahead) - whole) / whole.std()) for ahead in range(4)]
    assert errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[0] > 1e-2 and errors[3] < 1e-5


def test_files_of_both_kinds_are_the_same(tmp_path: Path) -> None:
    sounds = [in_chunks(load(tmp_path / str(pickled), pickled=pickled), [FRAMES]) for pickled in (True, False)]
    np.testing.assert_array_equal(sounds[0], sounds[1])


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    folder = tiny_codec_models.snac(tmp_path)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(print, 2))
    with pytest.raises(EngineError, match="SNAC") as caught:
        load_snac(ModelFolder(folder))
    assert caught.value.code == "model_missing"


def test_it_is_found_below_the_model_or_beside_it(tmp_path: Path) -> None:
    model, beside = tmp_path / "model", tmp_path / "beside"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}')
    assert find_snac(ModelSpec("o", "codec_lm", (str(model), str(beside)))) is None
    tiny_codec_models.snac(beside)
    found = find_snac(ModelSpec("o", "codec_lm", (str(model), str(beside))))
    assert found is not None and found.path == beside
    tiny_codec_models.snac(model / "snac_24khz")
    found = find_snac(ModelSpec("o", "codec_lm", (str(model), str(beside))))
    assert found is not None and found.path == model / "snac_24khz"
