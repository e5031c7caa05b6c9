"""What the published weights are called here: the author's names, and those of the library's modules."""

from __future__ import annotations

import re

_PLACES = {
    "language_model": "text",
    "tts_language_model": "speech",
    "tts_input_types": "kinds",
    "acoustic_connector": "connector",
    "prediction_head": "head",
    "acoustic_tokenizer.decoder": "decoder",
    "tts_eos_classifier": "end",
    "speech_scaling_factor": "scale",
    "speech_bias_factor": "bias",
}
"""Where the author's parts are, the longest names included in none of the others."""

_UNUSED = re.compile(r"speech\.embed_tokens\.|text\.norm\.")
"""Words are known to the stack that reads, and the last norm to the one that speaks."""

_RENAMED = (
    (r"^connector\.fc", "connector.linear_"),
    (r"^connector\.norm\.", "connector.act."),
    (r"^end\.fc1\.", "end.0."),
    (r"^end\.fc2\.", "end.2."),
    (r"^head\.t_embedder\.mlp\.0\.", "head.timestep_proj.fc1."),
    (r"^head\.t_embedder\.mlp\.2\.", "head.timestep_proj.fc2."),
    (r"^head\.final_layer\.linear\.", "head.final_layer.linear_2."),
    (r"^head\.final_layer\.adaLN_modulation\.1\.", "head.final_layer.linear_1."),
    (r"^(head\.layers\.\d+)\.adaLN_modulation\.1\.", r"\1.linear."),
    (r"^decoder\.upsample_layers\.0\.0\.", "decoder.stem."),
    (r"^decoder\.stages\.0\.", "decoder.stem.stage."),
    (r"^(decoder\.\S+\.mixer)\.conv\.conv\.", r"\1."),
    (r"^decoder\.head\.conv\.", "decoder.head."),
)

_LAYERS = ((r"^decoder\.upsample_layers\.(\d+)\.0\.", ""), (r"^decoder\.stages\.(\d+)\.", "stage."))
"""What the author counts from the stem on."""


def own_name(published: str) -> str | None:
    """The name of a weight here; None for those that are not used."""
    bare = published.removeprefix("model.")
    theirs = next((part for part in _PLACES if bare == part or bare.startswith(f"{part}.")), None)
    if theirs is None:
        return None
    name = _PLACES[theirs] + bare.removeprefix(theirs)
    if _UNUSED.match(name):
        return None
    for pattern, ours in _RENAMED:
        name = re.sub(pattern, ours, name)
    for pattern, inner in _LAYERS:
        if found := re.match(pattern, name):
            return f"decoder.conv_layers.{int(found[1]) - 1}.{inner}{name[found.end() :]}"
    return name
