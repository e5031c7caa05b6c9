from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wyoming_openspeakers.engines.base import EngineError, ModelSpec
from wyoming_openspeakers.engines.kokoro_voices import describe, files, parse, styles


def test_a_name_says_language_and_gender() -> None:
    voice = describe("bm_george")
    assert (voice.languages, voice.gender) == (("en-GB",), "male")
    assert voice.description == "George, British English, male"
    assert describe("zf_xiaoxiao").languages == ("zh",)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("af_heart", {"af_heart": 1.0}),
        ("af_bella(2)+af_sky(1)", {"af_bella": 2 / 3, "af_sky": 1 / 3}),
        (" af_bella ( 0.5 ) + bm_george(1.5) ", {"af_bella": 0.25, "bm_george": 0.75}),
        ("af_bella+af_sky", {"af_bella": 0.5, "af_sky": 0.5}),
        ("af_bella+af_bella(3)", {"af_bella": 1.0}),
    ],
)
def test_a_mixture_has_shares_that_add_up_to_one(text: str, shares: dict[str, float]) -> None:
    assert dict(parse(text).shares) == pytest.approx(shares)


@pytest.mark.parametrize("text", ["", "+", "af_bella+", "xx_bella", "af_bella(", "af_bella(-1)", "af_bella(0)", "../a"])
def test_what_is_no_mixture_is_refused(text: str) -> None:
    with pytest.raises(EngineError) as caught:
        parse(text)
    assert caught.value.code == "unknown_voice"


def test_the_first_voice_decides_the_language() -> None:
    assert parse("bf_emma+af_heart(9)").language == "en-GB"


def test_finds_voice_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    for name in ("af_heart.bin", "notes.bin", "af_sky.txt", "af_heart.pt", "am_adam.pt"):
        (tmp_path / "voices" / name).touch()
    found = files(ModelSpec("k", "kokoro", (str(tmp_path),)))
    assert [path.name for path in found.values()] == ["af_heart.bin", "am_adam.pt"]


def test_a_file_of_the_wrong_size_is_no_voice(tmp_path: Path) -> None:
    np.zeros(100, np.float32).tofile(tmp_path / "af_heart.bin")
    with pytest.raises(EngineError, match="100 values"):
        styles(tmp_path / "af_heart.bin")


def test_a_voice_is_the_same_in_both_layouts(tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    values = np.random.default_rng(1).standard_normal((510, 256)).astype(np.float32)
    values.tofile(tmp_path / "af_heart.bin")
    torch.save(torch.from_numpy(values)[:, None], tmp_path / "af_heart.pt")
    assert np.array_equal(styles(tmp_path / "af_heart.bin"), values)
    assert np.array_equal(styles(tmp_path / "af_heart.pt"), values)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_torch_has_not_saved_is_no_voice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "af_heart.pt").write_bytes(content)
    with pytest.raises(EngineError, match=r"af_heart\.pt is damaged") as caught:
        styles(tmp_path / "af_heart.pt")
    assert caught.value.code == "model_missing"


def test_a_file_that_is_no_multiple_of_a_number_is_no_voice(tmp_path: Path) -> None:
    (tmp_path / "af_heart.bin").write_bytes(b"abc")
    with pytest.raises(EngineError, match=r"af_heart\.bin is damaged"):
        styles(tmp_path / "af_heart.bin")
