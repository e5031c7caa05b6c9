"""The parts of a real voice, against the whole of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assets import PIPER_VOICE

from wyoming_openspeakers.engines.base import Samples
from wyoming_openspeakers.engines.control import CancelFlag, Share
from wyoming_openspeakers.engines.onnx_session import Tensor
from wyoming_openspeakers.engines.vits_blocked import blocked
from wyoming_openspeakers.engines.vits_split import NotSplittable, Split, split, stage_from
from wyoming_openspeakers.engines.vits_stream import SplitVoice, WholeVoice, plan

pytestmark = pytest.mark.slow

onnx = pytest.importorskip("onnx", reason="the extra [piper] is not installed")

IDS = np.arange(1, 100, dtype=np.int64)[None]


def feeds(noise: float = 0, speaker: int = 0) -> dict[str, Tensor]:
    return {
        "input": IDS,
        "input_lengths": np.array([IDS.size], np.int64),
        "scales": np.array([noise, 1, noise], np.float32),
        "sid": np.array([speaker], np.int64),
    }


def said(voice: SplitVoice | WholeVoice, inputs: dict[str, Tensor]) -> Samples:
    return np.concatenate(list(voice.speak(inputs, CancelFlag())))


@pytest.fixture(scope="module")
def model(piper_folder: Path) -> Any:
    return onnx.load(str(piper_folder / f"{PIPER_VOICE}.onnx"))


@pytest.fixture(scope="module")
def parts(model: Any) -> Split:
    return split(model)


@pytest.fixture(scope="module")
def voice(parts: Split) -> SplitVoice:
    return SplitVoice(replace(parts, decoder_on_one=blocked(parts.decoder)), 2)


def test_sounds_exactly_like_the_whole(model: Any, voice: SplitVoice) -> None:
    whole = said(WholeVoice(model.SerializeToString(), 2), feeds())
    spoken = said(voice, feeds())
    assert len(list(plan(whole.size // 256, 2))) >= 3
    assert spoken.shape == whole.shape
    assert float(np.abs(spoken - whole).max()) < 1e-4
    assert float(np.abs(whole).max()) > 0.05


def test_chunks_join_without_a_trace_with_noise_too(voice: SplitVoice) -> None:
    text = voice._on_all.text.run({name: feeds(0.7)[name] for name in voice._on_all.text.inputs}, CancelFlag())
    prior = dict(zip(voice._on_all.text.outputs, text, strict=True))
    frames = prior[voice._on_all.flow.stage.source]
    total = frames.shape[-1]
    latent = voice._on_all.flow.run(frames, prior, 0, total, CancelFlag())
    whole = voice._on_all.decoder.run(latent, prior, 0, total, CancelFlag()).reshape(-1)
    chunked = np.concatenate(list(voice.decode(prior, CancelFlag(), Share())))
    assert float(np.abs(chunked - whole).max()) < 1e-4


def test_one_core_says_the_same_as_all(voice: SplitVoice) -> None:
    share = Share()
    share.is_whole = False
    alone = np.concatenate(list(voice.speak(feeds(), CancelFlag())))
    shared = np.concatenate(list(voice.speak(feeds(), CancelFlag(), share)))
    np.testing.assert_allclose(shared, alone, rtol=0, atol=1e-4)


@pytest.mark.parametrize("side", ["left", "right"])
def test_no_context_is_superfluous(parts: Split, voice: SplitVoice, side: str) -> None:
    """One frame less on either side is heard: the reach is not only enough, it is exact."""
    text = voice._on_all.text.run({name: feeds()[name] for name in voice._on_all.text.inputs}, CancelFlag())
    prior = dict(zip(voice._on_all.text.outputs, text, strict=True))
    frames = prior[voice._on_all.flow.stage.source].copy()
    for window in (voice._on_all.flow, voice._on_all.decoder):
        start, stop = 60, 70
        before = window.run(frames, prior, start, stop, CancelFlag())
        edge = start - window.stage.left if side == "left" else stop + window.stage.right - 1
        changed = frames.copy()
        changed[..., edge] += 5
        assert not np.array_equal(window.run(changed, prior, start, stop, CancelFlag()), before)


def test_stages_survive_json(parts: Split) -> None:
    stages = json.loads(json.dumps(parts.stages()))
    assert stage_from(stages["flow"]) == parts.flow_stage
    assert stage_from(stages["decoder"]) == parts.decoder_stage


def renamed(model: Any, old: str, new: str) -> Any:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        for position, name in enumerate(node.input):
            if name == old:
                node.input[position] = new
    return copy


def with_speakers(model: Any) -> Any:
    """The same voice with three speakers, added where Piper's own exports have them."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(1)
    # The exporter left a constant of this name in voices with one speaker.
    copy = renamed(model, "sid", "constant")
    graph = copy.graph
    next(item for item in graph.initializer if item.name == "sid").name = "constant"
    width = 8

    def weight(name: str, *shape: int) -> str:
        graph.initializer.append(numpy_helper.from_array(random.normal(0, 0.2, shape).astype(np.float32), name))
        return name

    graph.input.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
    graph.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), "last_axis"))
    nodes = [
        helper.make_node("Gather", [weight("emb_g.weight", 3, width), "sid"], ["speaker"]),
        helper.make_node("Unsqueeze", ["speaker", "last_axis"], ["speaker_g"]),
    ]
    for node in list(graph.node):
        output = node.output[0]
        if "dec.conv_pre.weight" in node.input or output == "/flow/flows.4/enc/in_layers.1/Conv_output_0":
            channels = 256 if "dec.conv_pre.weight" in node.input else 384
            name = f"{'dec.cond' if channels == 256 else 'flow.cond'}.weight"
            nodes.append(helper.make_node("Conv", ["speaker_g", weight(name, channels, width, 1)], [f"{name}_out"]))
            moved = onnx.NodeProto()
            moved.CopyFrom(node)
            moved.output[0] = f"{output}_alone"
            nodes += [moved, helper.make_node("Add", [f"{output}_alone", f"{name}_out"], [output])]
        else:
            nodes.append(node)
    ordered = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(ordered)
    return copy


def test_speakers_are_carried_into_every_part(model: Any) -> None:
    speakers = with_speakers(model)
    parts = split(speakers)
    assert parts.flow_stage.conditions and parts.decoder_stage.conditions
    voice = SplitVoice(replace(parts, decoder_on_one=blocked(parts.decoder)), 2)
    whole = WholeVoice(speakers.SerializeToString(), 2)
    first, second = (said(voice, feeds(speaker=speaker)) for speaker in (0, 2))
    assert not np.allclose(first, second, atol=1e-3)
    assert float(np.abs(second - said(whole, feeds(speaker=2))).max()) < 1e-4


def test_a_graph_without_the_decoder_is_not_split(model: Any) -> None:
    with pytest.raises(NotSplittable, match="conv_pre"):
        split(renamed(model, "dec.conv_pre.weight", "something.else"))


def test_a_graph_that_looks_across_time_is_not_split(model: Any) -> None:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    tanh = next(node for node in copy.graph.node if node.output[0] == "/dec/Tanh_output_0")
    tanh.op_type = "Softmax"
    with pytest.raises(NotSplittable, match="Softmax"):
        split(copy)
