"""Write a decoder so that one core runs it quicker: convolutions over a plane that is one frame high.

onnxruntime has two ways to convolve. The one for planes works on blocks of channels and is an eighth quicker on one
core, though not on several; it is never used for a line, so the line becomes a plane. The samples are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .vits_split import EDGES, NotSplittable

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_ANY_SHAPE = frozenset({"Add", "Mul", "Div", "LeakyRelu", "Tanh", "Unsqueeze"})
"""Operations that do the same to a plane."""

_AXIS = "blocked_axis"
_ZERO = "blocked_zero"
_ORDER = "blocked_order"


def blocked(decoder: bytes) -> bytes:
    """The decoder on planes. Raises NotSplittable for a graph with other operations than a Piper voice's."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_from_string(decoder)
    graph = model.graph
    unknown = {node.op_type for node in graph.node} - _ANY_SHAPE - {*_CONVOLUTIONS, "Pad"}
    if unknown:
        raise NotSplittable(f"its decoder has {', '.join(sorted(unknown))}")
    weights = {item.name: item for item in graph.initializer}
    planes = {item.name: f"{item.name}_plane" for item in graph.input if item.name != EDGES}
    nodes = [helper.make_node("Unsqueeze", [line, _AXIS], [plane]) for line, plane in planes.items()]
    raised: set[str] = set()
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = planes.get(name, name)
        if node.op_type in _CONVOLUTIONS:
            _raise_attributes(node)
            if node.input[1] not in raised:
                raised.add(node.input[1])
                _raise_weight(weights[node.input[1]], numpy_helper)
        if node.op_type == "Pad":
            pads = node.input[1]
            nodes.append(helper.make_node("Concat", [pads, _ZERO], [f"{pads}_and_zero"], axis=0))
            nodes.append(helper.make_node("Gather", [f"{pads}_and_zero", _ORDER], [f"{pads}_plane"]))
            node.input[1] = f"{pads}_plane"
        nodes.append(node)
    constants = {
        _AXIS: np.array([2], np.int64),
        _ZERO: np.array([0], np.int64),
        # Of batch, channels and frames at both ends, with a zero for the new axis before the frames.
        _ORDER: np.array([0, 1, 6, 2, 3, 4, 6, 5], np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    kept = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(kept)
    plane: bytes = model.SerializeToString()
    return plane


def _raise_attributes(node: Any) -> None:
    for attribute in node.attribute:
        values = list(attribute.ints)
        match attribute.name:
            case "kernel_shape" | "strides" | "dilations":
                attribute.ints[:] = [1, *values]
            case "pads":
                attribute.ints[:] = [0, values[0], 0, values[1]]
            case "output_padding":
                attribute.ints[:] = [0, *values]


def _raise_weight(weight: Any, numpy_helper: Any) -> None:
    line = numpy_helper.to_array(weight)
    weight.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(line[:, :, None, :]), weight.name))
