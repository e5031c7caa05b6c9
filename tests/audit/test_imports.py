"""What a package really imports, against what it says that it needs."""

from __future__ import annotations

from wyoming_openspeakers.audit.imports import Imports, imports_of, is_aside

SPEAK = """
import os
import numpy as np
import yaml
from torch import nn
from . import text
from .other import thing
from odd.text import clean
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import mypy_extensions
try:
    import fast
except ImportError:
    fast = None

def download():
    import huggingface_hub
"""


def test_what_it_imports_is_told_from_what_it_says_that_it_needs() -> None:
    sources = [("odd/__init__.py", SPEAK), ("odd/text.py", "import inflect"), ("odd/train/loop.py", "import wandb")]
    assert imports_of("odd", sources, ["NumPy", "torch", "PyYAML", "gradio", "wandb"]) == Imports(
        at_once=("inflect", "numpy", "torch", "yaml"),
        later=("fast", "huggingface_hub", "wandb"),
        unsaid=("inflect",),
        unused=("gradio",),
    )


def test_a_module_of_its_own_is_none_of_others_unless_it_says_so() -> None:
    sources = [("odd/run.py", "import tools, codec"), ("odd/tools.py", ""), ("odd/codec/__init__.py", "")]
    found = imports_of("odd-voice", sources, ["codec"])
    assert found.at_once == ("codec",) and found.unused == ()


def test_what_cannot_be_read_imports_nothing() -> None:
    assert imports_of("odd", [("odd/py2.py", "print 'a'")], []) == Imports()


def test_training_is_told_from_speaking_by_its_place() -> None:
    aside = ("f5_tts/train/train.py:1", "a/model/trainer.py:4", "a/eval_utmos.py:2", "a/infer_gradio.py", "tests/a.py")
    assert all(map(is_aside, aside))
    assert not any(map(is_aside, ("a/model/constrain.py:1", "a/attest.py", "a/infer/utils_infer.py:403")))
