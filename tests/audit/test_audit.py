"""Whole audits, of packages that are made here and of a real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wyoming_openspeakers.audit import topic as topics
from wyoming_openspeakers.audit.audit import audit
from wyoming_openspeakers.audit.pins import environments, pins_of
from wyoming_openspeakers.audit.report import markdown, verdict
from wyoming_openspeakers.errors import EnvironmentFailed
from wyoming_openspeakers.models.environments.installer import find_uv

MakeWheel = Callable[..., Path]

needs_uv = pytest.mark.skipif(find_uv() is None, reason="uv is not installed; it comes with the extra `test`")


def test_pins_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(
        "# python: >=3.11\nNum_Py==2.4.6\ntorch==2.13.0 # why\nsix>=1\nodd==1 ; python_version < '3'\n--index-url x\n"
    )
    assert pins_of(file) == {"num-py": "2.4.6", "torch": "2.13.0"}
    assert "torch" in environments()["torch"] and "torch" not in environments()["service"]


@pytest.mark.slow
@needs_uv
def test_a_package_with_every_kind_of_trouble(make_wheel: MakeWheel) -> None:
    wheel = make_wheel(
        {
            "odd/__init__.py": "import torch\nweights = torch.load('a.pt')\n",
            "odd/vocab.txt": "a" * 200_000,
            "odd/_fast.cpython-312-x86_64-linux-gnu.so": b"\x7fELF",
        },
        requires=("torch==2.6.0", "six", "dac @ git+https://example.org/dac", "extra<1; extra == 'train'"),
    )
    found = audit(str(wheel), online=False)
    assert (found.name, found.version, found.licence, found.summary) == ("odd", "1.0", "MIT", "An odd voice")
    assert (found.modules, found.scripts, found.data) == (1, ("say-odd",), (("odd/vocab.txt", 200_000),))
    assert found.native == ("odd/_fast.cpython-312-x86_64-linux-gnu.so",)
    assert [finding.place for finding in found.of(topics.MAP_LOCATION)] == ["odd/__init__.py:2"]
    assert [finding.place for finding in found.of(topics.PINS)] == ["torch"]
    assert "wants torch==2.6.0; torch has torch 2.13.0" in found.of(topics.PINS)[0].what
    assert len(found.of(topics.ORIGINS)) == 1
    assert not any("extra" in requirement for requirement in found.requirements)
    assert found.is_serious
    text = markdown(found)
    assert "| torch.load without map_location | **to do** | 1 |" in text
    assert "- `odd/__init__.py:2`: torch.load() has no map_location" in text


@needs_uv
def test_what_is_for_training_need_not_be_done_something_about(make_wheel: MakeWheel) -> None:
    sin = "import torch\nx = torch.load('a.pt')\n"
    found = audit(str(make_wheel({"odd/__init__.py": "", "odd/train/loop.py": sin})), online=False)
    assert len(found.of(topics.MAP_LOCATION)) == 1 and not found.is_serious
    assert verdict(found, topics.MAP_LOCATION) == "look at it"
    assert "- `odd/train/loop.py:2`: torch.load() has no map_location (for training, " in markdown(found)


@needs_uv
def test_a_library_that_a_package_brings_is_there(make_wheel: MakeWheel) -> None:
    code = "import ctypes\nlib = ctypes.CDLL(HERE / 'libodd.so')\n"
    alone = audit(str(make_wheel({"odd/__init__.py": code}, name="alone")), online=False)
    brought = audit(str(make_wheel({"odd/__init__.py": code, "odd/libodd.so": b"\x7fELF"})), online=False)
    assert alone.of(topics.NATIVE) and not brought.of(topics.NATIVE)


@pytest.mark.slow
@needs_uv
def test_what_it_depends_on_is_audited_where_no_environment_has_it(make_wheel: MakeWheel) -> None:
    sin = make_wheel({"watermark.py": "x = y.cuda()\n"}, name="watermark")
    needs = (f"watermark @ {sin.as_uri()}", "torch", f"gone @ {sin.with_name('gone-1.0-py3-none-any.whl').as_uri()}")
    found = audit(str(make_wheel({"odd.py": ""}, requires=needs)), online=False, deep=True)
    assert [one.name for one in found.dependencies] == ["watermark"] and list(found.unknown) == ["gone"]
    assert found.is_serious
    text = markdown(found)
    assert "| watermark 1.0 | MIT | 0.0 MB | Fixed to CUDA | nothing |" in text
    assert "| gone | | | The package cannot be installed" in text


@needs_uv
def test_a_clean_package_has_nothing_to_do(make_wheel: MakeWheel) -> None:
    found = audit(str(make_wheel({"odd/__init__.py": "x = 1\n"}, requires=("numpy",))), online=False)
    assert found.findings == () and not found.is_serious
    assert {verdict(found, topic) for topic in topics.TOPICS} == {"nothing found"}


@pytest.mark.slow
def test_pip_does_as_well(make_wheel: MakeWheel) -> None:
    found = audit(str(make_wheel({"odd/__init__.py": "x = y.cuda()\n"})), use_pip=True, online=False)
    assert [finding.place for finding in found.findings] == ["odd/__init__.py:1"]


@needs_uv
def test_what_is_no_package_is_told_in_the_installers_words(tmp_path: Path) -> None:
    wheel = tmp_path / "odd-1.0-py3-none-any.whl"
    wheel.write_text("no wheel")
    with pytest.raises(EnvironmentFailed, match="cannot be installed"):
        audit(str(wheel), online=False)


@needs_uv
@pytest.mark.slow
def test_a_real_package() -> None:
    try:
        found = audit("snac==1.2.1")
    except EnvironmentFailed as error:
        pytest.skip(f"there is no index to get it from: {error}")
    assert {finding.topic for finding in found.findings} >= {topics.SCRIPT, topics.DOWNLOADS}
    assert not found.together["torch"].refusal
    assert any(one.startswith("einops==") for one in found.together["torch"].brings)
