from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import tiny_kokoro

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.kokoro_torch.checkpoint import read_weights, unpickled, whole


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kokoro.kokoro(tmp_path_factory.mktemp("kokoro"), voices=()) / "kokoro-v1_0.pth"


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def test_lengths_and_directions_become_weights() -> None:
    import torch
    from torch.nn.utils.parametrizations import weight_norm

    layer = weight_norm(torch.nn.ConvTranspose1d(3, 5, 4))
    with torch.no_grad():
        layer.parametrizations.weight.original0.mul_(2)
    tensors = {f"a.{name}": tensor for name, tensor in layer.state_dict().items()}
    found = whole(tensors)
    assert found.keys() == {"a.weight", "a.bias"}
    assert torch.allclose(found["a.weight"], layer.weight, atol=1e-6)


def test_older_and_newer_names_mean_the_same(weights: Path, tmp_path: Path) -> None:
    newer = tiny_kokoro.kokoro(
        tmp_path, voices=(), prefix="", names=("parametrizations.weight.original0", "parametrizations.weight.original1")
    )
    assert same(unpickled(weights), unpickled(newer / weights.name))


def test_the_weights_are_kept_and_read_back(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_weights(weights, str(tmp_path / "cache"))
    monkeypatch.setattr("torch.load", None)
    assert same(first, read_weights(weights, str(tmp_path / "cache")))
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_others_are_kept_when_the_file_is_another(weights: Path, tmp_path: Path) -> None:
    copy, cache = tmp_path / weights.name, tmp_path / "cache"
    copy.write_bytes(weights.read_bytes())
    read_weights(copy, str(cache))
    (before,) = cache.iterdir()
    copy.write_bytes(tiny_kokoro.kokoro(tmp_path / "other", hidden=16, voices=()).joinpath(weights.name).read_bytes())
    other = read_weights(copy, str(cache))
    (after,) = cache.iterdir()
    assert before != after and other["bert_encoder.weight"].shape[0] == 16


def test_what_is_kept_and_damaged_is_made_again(weights: Path, tmp_path: Path) -> None:
    first = read_weights(weights, str(tmp_path))
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    assert same(first, read_weights(weights, str(tmp_path)))
    assert kept.stat().st_size > 1000


def test_without_a_place_to_keep_them_it_works_too(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert same(read_weights(weights, None), read_weights(weights, str(tmp_path / "file" / "cache")))


class Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("this must not run",)


@pytest.mark.parametrize("what", ["empty", "text", "cut off", "code", "other parts"])
def test_what_is_no_kokoro_is_refused_by_its_name(
    weights: Path, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    file = tmp_path / "kokoro-v1_0.pth"
    if what == "code":
        torch.save({"bert": Code()}, file)
    elif what == "other parts":
        torch.save({"bert": {}}, file)
    else:
        content = {"empty": b"", "text": b"not weights", "cut off": weights.read_bytes()[:5000]}
        file.write_bytes(content[what])
    with pytest.raises(EngineError, match=r"kokoro-v1_0\.pth is damaged or is no Kokoro") as caught:
        unpickled(file)
    assert caught.value.code == "model_missing" and len(str(caught.value)) < len(str(file)) + 200
    assert "must not" not in capsys.readouterr().out


def test_a_pickle_of_old_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "kokoro-v1_0.pth"
    file.write_bytes(pickle.dumps({"bert": Code()}, protocol=2))
    with pytest.raises(EngineError, match="no Kokoro"):
        unpickled(file)
