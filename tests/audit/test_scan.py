"""What is found in a module's source, and what is not."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.audit import topic as topics
from wyoming_openspeakers.audit.scan import scan, scan_data
from wyoming_openspeakers.audit.topic import TOPICS, Finding, Topic

SINS: list[tuple[Topic, str]] = [
    (topics.SOURCE, "import inspect\ninspect.getsource(len)"),
    (topics.SOURCE, "from inspect import getsource as g\nx = g(len)"),
    (topics.SOURCE, "from typeguard import typechecked"),
    (topics.METADATA, "import importlib.metadata\nv = importlib.metadata.version('a')"),
    (topics.METADATA, "from importlib.metadata import version"),
    (topics.METADATA, "from importlib import metadata"),
    (topics.METADATA, "import pkg_resources"),
    (topics.DATA, "from pathlib import Path\nHERE = Path(__file__).parent"),
    (topics.DATA, "import os\nHERE = os.path.dirname(__file__)"),
    (topics.DATA, "import importlib.resources"),
    (topics.DATA, "import lazy_loader as lazy"),
    (topics.NATIVE, "DATA = '/usr/share/espeak-ng-data'"),
    (topics.NATIVE, "import ctypes\nlib = ctypes.CDLL('x')"),
    (topics.NATIVE, "from ctypes.util import find_library\nfind_library('espeak')"),
    (topics.NATIVE, "NAME = 'libespeak-ng.so.1'"),
    (topics.MAP_LOCATION, "import torch\nx = torch.load('a.pt')"),
    (topics.MAP_LOCATION, "import torch as t\nx = t.load('a.pt', weights_only=True)"),
    (topics.MAP_LOCATION, "from torch import load\nx = load('a.pt')"),
    (topics.PICKLES, "import torch\nx = torch.load('a.pt', map_location='cpu', weights_only=False)"),
    (topics.PICKLES, "import pickle\nx = pickle.load(open('a'))"),
    (topics.TOKEN, "from huggingface_hub import snapshot_download as s\ns('a/b', token=True)"),
    (topics.TOKEN, "M.from_pretrained(x, use_auth_token=True)"),
    (topics.TOKEN, "import os\nf(token=os.getenv('HF_TOKEN'))"),
    (topics.TOKEN, "import os\nf(token=os.environ['HF_TOKEN'] or None)"),
    (topics.FLOAT64, "import numpy as np\nx = np.zeros(3, np.float64)"),
    (topics.FLOAT64, "import torch\nx = torch.zeros(3, dtype=torch.float64)"),
    (topics.FLOAT64, "x = y.double()"),
    (topics.FLOAT64, "import torch\nx = torch.from_numpy(y)"),
    (topics.FLOAT64, "import numpy as np\nx = y.astype('float64')"),
    (topics.SCRIPT, "import torch\n@torch.jit.script\ndef snake(x): return x"),
    (topics.SCRIPT, "from torch.jit import script\n@script\ndef snake(x): return x"),
    (topics.SCRIPT, "import torch\nsnake = torch.jit.script(f)"),
    (topics.TORCHAUDIO, "import torchaudio\nx, r = torchaudio.load('a.wav')"),
    (topics.TORCHAUDIO, "import torchaudio as ta\nta.save('a.wav', x, 1)"),
    (topics.TORCHAUDIO_IMPORT, "from torchaudio.functional import resample"),
    (topics.GATED, "TOKENIZER = 'meta-llama/Llama-3.2-1B'"),
    (topics.DOWNLOADS, "from transformers import AutoTokenizer\nAutoTokenizer.from_pretrained('owner/name')"),
    (topics.DOWNLOADS, "from huggingface_hub import hf_hub_download\nhf_hub_download(repo, name)"),
    (topics.DEVICE, "model = model.cuda()"),
    (topics.DEVICE, "x = x.to('cuda:0')"),
    (topics.GLOBALS, "import torch\ntorch.set_default_dtype(torch.float16)"),
    (topics.GLOBALS, "import os\nos.environ['A'] = '1'"),
    (topics.GLOBALS, "from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS\nROPE_INIT_FUNCTIONS['d'] = f"),
    (topics.REMOTE_CODE, "M.from_pretrained(path, trust_remote_code=True)"),
]


@pytest.mark.parametrize(("topic", "source"), SINS, ids=[f"{topic.name} {n}" for n, (topic, _) in enumerate(SINS)])
def test_a_sin_is_found_where_it_is(topic: Topic, source: str) -> None:
    findings = [finding for finding in scan(source, "a.py") if finding.topic == topic]
    assert findings and {finding.place for finding in findings} <= {"a.py:1", "a.py:2"}


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nx = torch.load('a.pt', map_location='cpu', weights_only=True)",
        "import torch\nx = torch.load('a.pt', 'cpu')",
        "import torch\nx = torch.load('a.pt', **options)",
        "import json\nx = json.load(file)",
        "# torch.load('a.pt') and token=True\nx = 1",
        '"""Not torch.jit.script, and nothing of meta-llama/Llama-3.2-1B."""',
        "def f():\n    '/usr/share/espeak-ng-data is where it is'",
        "f(token=None)\nf(token=token)",
        "import torch\nx = torch.from_numpy(y).float()",
        "import torch\nx = torch.from_numpy(y.astype('float32'))",
        "import inspect\ninspect.signature(f)",
        "import torch\nx = torch.jit.is_scripting()",
        "class A:\n    def load(self): return self.load('a')",
        "x = {'script': 1}['script']",
        "import os\ndef f():\n    os.environ['A'] = '1'",
        "x = y.to(device)",
        "this is no Python",
    ],
)
def test_clean_code_is_left_alone(source: str) -> None:
    assert list(scan(source, "a.py")) == []


def test_repositories_in_settings_are_found_once_each() -> None:
    text = """
weights: hf://kyutai/pocket-tts/tts.safetensors@1234
again: hf://kyutai/pocket-tts/other.safetensors
free: hf://kyutai/pocket-tts-without-voice-cloning/tts.safetensors
tokenizer: meta-llama/Llama-3.2-1B
docs: https://example.org/kyutai/other
"""
    assert list(scan_data(text, "a.yaml")) == [
        Finding(topics.GATED, "a.yaml:2", "kyutai/pocket-tts"),
        Finding(topics.DOWNLOADS, "a.yaml:2", "kyutai/pocket-tts"),
        Finding(topics.DOWNLOADS, "a.yaml:4", "kyutai/pocket-tts-without-voice-cloning"),
        Finding(topics.GATED, "a.yaml:5", "meta-llama/Llama-3.2-1B"),
    ]


def test_every_topic_of_code_has_a_sin_here() -> None:
    assert {topic.name for topic, _ in SINS} | {topics.PINS.name, topics.ORIGINS.name} == {one.name for one in TOPICS}
