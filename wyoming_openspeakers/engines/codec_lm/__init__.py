"""Language models that say the codes of a neural codec, and are heard while they still speak.

Orpheus, Dia, CSM and Higgs: each is a frame layout, a codec and a way to prompt; how their tokens become sound as they
come is the same for all. The main process reads their JSON files; only a worker imports torch.
"""

from __future__ import annotations

from typing import ClassVar

from ..capabilities import Capabilities
from ..torch.family import Family
from ..torch.streaming import StreamingTorchEngine
from .csm import CsmFamily
from .dia import DiaFamily
from .family import CodecFamily
from .higgs import HiggsFamily
from .orpheus import OrpheusFamily


class CodecLmEngine(StreamingTorchEngine[CodecFamily]):
    """Speaks with one language model and its codec."""

    families: ClassVar[tuple[type[Family], ...]] = (
        OrpheusFamily,
        DiaFamily,
        CsmFamily,
        HiggsFamily,
    )

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=1,
        devices=("cuda", "mps", "cpu"),
        parks=True,
        licence="Apache-2.0",
        # Of what several have the first one's is told; `capabilities_of` tells each model's own.
        parameters={name: schema for family in reversed(families) for name, schema in family.parameters.items()},
    )


ENGINE = CodecLmEngine
