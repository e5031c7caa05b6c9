"""Cut a VITS model in three, so that its first words can be heard before its last are made.

Piper exports one graph from phonemes to samples. Only its front needs the whole sentence: the text encoder and the
duration predictor, which end in the noisy prior `z_p`. The rest, a flow and a HiFi-GAN decoder, is convolutions along
the time axis. They can run on a window of frames, and the windows join without a trace where each has enough context
on both sides. How much is enough follows from kernels, dilations and strides, for every tensor of the graph; context
that no later layer needs is cut off inside the graph, so that it costs work only where it is needed.

    text: phoneme ids -> z_p, speaker conditions, frames of each phoneme    flow: z_p -> z    decoder: z -> samples

Needs the `onnx` package, and only here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

EDGES = "window_edges"
"""Input of a windowed graph: -1 where the window ends inside the sentence and context is cut off, else 0."""

ELEMENTWISE = frozenset(
    {"Add", "Sub", "Mul", "Div", "Neg", "Exp", "Tanh", "Sigmoid", "LeakyRelu", "Identity", "Cast", "Shape"}
    | {"ConstantOfShape", "Split", "Slice", "Concat", "Unsqueeze", "Squeeze", "Gather", "Constant"}
)
"""Operations that look at no neighbour in time; those that move things do so between channels."""


class NotSplittable(Exception):
    """The graph has not the shape of a Piper voice."""


@dataclass(frozen=True)
class Stage:
    """What runs a windowed graph needs to know about it."""

    source: str
    """The input along the time axis."""

    conditions: tuple[str, ...]
    """Other inputs, without a time axis: what the speaker adds."""

    left: int
    """Frames of context before a window."""

    right: int
    """Frames of context after a window."""

    hop: int
    """Values that come out for each frame."""

    spare: int
    """Values of context that are still in front of the output of a window with context on its left."""


@dataclass(frozen=True)
class Split:
    """The three graphs, serialised, and what to know about the two that run on windows."""

    text: bytes
    flow: bytes
    decoder: bytes
    decoder_on_one: bytes
    """The decoder as one core runs it best; it says the same."""

    flow_stage: Stage
    decoder_stage: Stage

    def stages(self) -> dict[str, dict[str, Any]]:
        """The two stages, for JSON."""
        return {"flow": asdict(self.flow_stage), "decoder": asdict(self.decoder_stage)}


def stage_from(data: dict[str, Any]) -> Stage:
    """A stage from JSON."""
    return Stage(**{**data, "conditions": tuple(data["conditions"])})


def split(model: Any) -> Split:
    """Cut an `onnx.ModelProto`. Raises NotSplittable."""
    graph = _Graph(model)
    prior = graph.prior()
    latent = graph.input_of("dec.conv_pre.weight")
    samples = model.graph.output[0].name
    flow_nodes = graph.between(prior, latent)
    decoder_nodes = graph.between(latent, samples)
    if not flow_nodes or not decoder_nodes:
        raise NotSplittable("the flow or the decoder was not found")
    flow, flow_stage = _Windowed(graph, flow_nodes, prior, latent).build()
    decoder, decoder_stage = _Windowed(graph, decoder_nodes, latent, samples).build()
    lengths = [node.output[0] for node in graph.nodes if node.op_type == "Ceil"][:1]
    text_outputs = dict.fromkeys((prior, *flow_stage.conditions, *decoder_stage.conditions, *lengths))
    text = graph.model_with([graph.nodes[at] for at in sorted(graph.ancestors(text_outputs))], (), text_outputs)
    return Split(text, flow, decoder, decoder, flow_stage, decoder_stage)


class _Graph:
    """A graph that can be asked who makes what."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.nodes: list[Any] = list(model.graph.node)
        self.maker = {name: index for index, node in enumerate(self.nodes) for name in node.output}
        self.weights = {item.name: item for item in model.graph.initializer}

    def input_of(self, weight: str) -> str:
        """The data input of the one node with this weight."""
        found = [node.input[0] for node in self.nodes if weight in node.input]
        if len(found) != 1:
            raise NotSplittable(f"{weight} was not found")
        return str(found[0])

    def prior(self) -> str:
        """The sum of the prior's mean and its noise: where the second source of noise ends."""
        noise = [node.output[0] for node in self.nodes if node.op_type == "RandomNormalLike"]
        if not noise:
            raise NotSplittable("there is no noise")
        reached = {noise[-1]}
        for node in self.nodes[self.maker[noise[-1]] + 1 :]:
            if reached.intersection(node.input):
                if node.op_type == "Add":
                    return str(node.output[0])
                reached.update(node.output)
        raise NotSplittable("the noise is added to nothing")

    def ancestors(self, names: Iterable[str], stop: frozenset[str] = frozenset()) -> set[int]:
        """The nodes that the named tensors depend on, not looking beyond `stop`."""
        found: set[int] = set()
        waiting = [name for name in names if name not in stop]
        while waiting:
            index = self.maker.get(waiting.pop())
            if index is not None and index not in found:
                found.add(index)
                waiting += [name for name in self.nodes[index].input if name not in stop]
        return found

    def between(self, source: str, target: str) -> list[int]:
        """The nodes on the way from one tensor to another, in order."""
        reached = {source}
        path = []
        needed = self.ancestors([target], frozenset({source}))
        for index in sorted(needed):
            if reached.intersection(self.nodes[index].input):
                reached.update(self.nodes[index].output)
                path.append(index)
        return path

    def depends_on(self, name: str) -> set[str]:
        """The inputs of the whole graph that a tensor depends on."""
        names = {item for index in self.ancestors([name]) for item in self.nodes[index].input} | {name}
        return names.intersection(item.name for item in self.model.graph.input)

    def model_with(
        self, nodes: Sequence[Any], inputs: Sequence[Any], outputs: Iterable[str], extra: Sequence[Any] = ()
    ) -> bytes:
        """A model of these nodes with the weights that they use and the whole graph's inputs that they need."""
        from onnx import TensorProto, helper

        used = {name for node in nodes for name in node.input}
        replaced = {item.name for item in extra}
        graph = helper.make_graph(
            nodes,
            "part",
            [item for item in self.model.graph.input if item.name in used] + list(inputs),
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [item for name, item in self.weights.items() if name in used and name not in replaced] + list(extra),
        )
        opsets = [item for item in self.model.opset_import if item.domain in ("", "ai.onnx")]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=self.model.ir_version)
        return bytes(model.SerializeToString())


class _Windowed:
    """Turns the nodes between two tensors into a graph that runs on a window."""

    def __init__(self, graph: _Graph, path: list[int], source: str, target: str) -> None:
        self.graph, self.path, self.source, self.target = graph, path, source, target
        self.nodes = [graph.nodes[index] for index in path]
        self.reach = self._reach()
        self.rate = self._rate()

    def _reach(self) -> dict[str, tuple[int, int]]:
        """How many values before and after a window each tensor must have, for the output to be right."""
        reach: dict[str, tuple[int, int]] = {self.target: (0, 0)}
        made = {name for node in self.nodes for name in node.output} | {self.source}
        for node in reversed(self.nodes):
            known = [reach[name] for name in node.output if name in reach]
            if not known or node.op_type == "Shape":
                continue
            left, right = max(item[0] for item in known), max(item[1] for item in known)
            if node.op_type == "Conv":
                kernel, stride, dilation, before = self._kernel(node)
                if stride != 1:
                    raise NotSplittable("a convolution has a stride")
                left, right = left + before, right + (kernel - 1) * dilation - before
                inputs = [node.input[0]]
            elif node.op_type == "ConvTranspose":
                kernel, stride, dilation, before = self._kernel(node)
                if dilation != 1:
                    raise NotSplittable("an upsampling convolution has a dilation")
                left, right = (left + kernel - 1 - before) // stride, (right + before + stride - 1) // stride
                inputs = [node.input[0]]
            elif node.op_type in ELEMENTWISE:
                inputs = list(node.input)
            else:
                raise NotSplittable(f"{node.op_type} is not known to be local in time")
            for name in made.intersection(inputs):
                old = reach.get(name, (0, 0))
                reach[name] = (max(old[0], left), max(old[1], right))
        if self.source not in reach:
            raise NotSplittable("the output does not depend on the source")
        return reach

    def _rate(self) -> dict[str, int]:
        """How many values each tensor has for a frame of the source."""
        rate = {self.source: 1}
        for node in self.nodes:
            own = max((rate[name] for name in node.input if name in rate), default=1)
            if node.op_type == "ConvTranspose":
                own *= self._kernel(node)[1]
            rate.update(dict.fromkeys(node.output, own))
        return rate

    def _kernel(self, node: Any) -> tuple[int, int, int, int]:
        """Kernel, stride, dilation and the padding in front of a one-dimensional convolution."""
        values = {item.name: list(item.ints) for item in node.attribute}
        weight = self.graph.weights.get(node.input[1])
        if weight is None or len(weight.dims) != 3:
            raise NotSplittable("a convolution without a fixed one-dimensional kernel")
        before = values.get("pads", [0, 0])[0]
        return weight.dims[2], values.get("strides", [1])[0], values.get("dilations", [1])[0], before

    def _cuts(self) -> list[str]:
        """Where context can be cut off: before an upsampling, after a step of the flow; all goes through them."""
        last_use = {name: index for index, node in enumerate(self.nodes) for name in node.input}
        upsampled = {node.input[0] for node in self.nodes if node.op_type == "ConvTranspose"}
        cuts, alive = [], {self.source}
        for index, node in enumerate(self.nodes):
            alive = {name for name in alive | set(node.output) if last_use.get(name, -1) > index}
            name = node.output[0]
            if alive == {name} and (name in upsampled or node.op_type == "Concat"):
                cuts.append(name)
        return cuts

    def build(self) -> tuple[bytes, Stage]:
        import numpy as np
        from onnx import TensorProto, helper, numpy_helper

        conditions, masks, constant = self._sides()
        extra = [numpy_helper.from_array(np.ones((1, 1, 1), np.float32), name) for name in masks]
        left, right = self.reach[self.source]
        at, at_rate, renamed = (left, right), 1, {}
        crops: dict[str, list[Any]] = {}
        for number, name in enumerate(self._cuts()):
            rate, keep = self.rate[name], self.reach[name]
            step = rate // at_rate
            surplus = (at[0] * step - keep[0], at[1] * step - keep[1])
            amount = np.array([0, 0, surplus[0], 0, 0, surplus[1]], np.int64)
            extra.append(numpy_helper.from_array(amount, f"window_surplus_{number}"))
            crops[name] = [
                helper.make_node("Mul", [EDGES, f"window_surplus_{number}"], [f"window_pads_{number}"]),
                # A negative padding takes away: one operation for all four kinds of window.
                helper.make_node("Pad", [name, f"window_pads_{number}"], [f"{name}_window"]),
            ]
            renamed[name] = f"{name}_window"
            at, at_rate = keep, rate
        nodes: list[Any] = [self.graph.nodes[index] for index in sorted(constant)]
        for node in self.nodes:
            copy = type(node)()
            copy.CopyFrom(node)
            for position, name in enumerate(copy.input):
                copy.input[position] = renamed.get(name, name)
            nodes += [copy, *crops.get(node.output[0], [])]
        inputs = [
            helper.make_tensor_value_info(self.source, TensorProto.FLOAT, None),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in conditions),
            helper.make_tensor_value_info(EDGES, TensorProto.INT64, [6]),
        ]
        hop = self.rate[self.target]
        stage = Stage(self.source, conditions, left, right, hop, at[0] * (hop // at_rate))
        return self.graph.model_with(nodes, inputs, [self.target], extra), stage

    def _sides(self) -> tuple[tuple[str, ...], list[str], set[int]]:
        """What comes in from the side: the speaker's conditions, masks that are all ones, constant nodes."""
        made = {name for node in self.nodes for name in node.output} | {self.source} | set(self.graph.weights)
        sides = dict.fromkeys(name for node in self.nodes for name in node.input if name and name not in made)
        conditions, masks, constant = [], [], set()
        for name in sides:
            match self.graph.depends_on(name):
                case found if not found:
                    constant |= self.graph.ancestors([name])
                case found if found == {"sid"}:
                    conditions.append(name)
                case _:
                    # One sentence at a time is never padded, so the mask of its frames masks nothing.
                    masks.append(name)
        if any(node.op_type != "Mul" for node in self.nodes if set(masks).intersection(node.input)):
            raise NotSplittable("something other than a mask comes from the side")
        return tuple(conditions), masks, constant
