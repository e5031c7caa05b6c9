"""Prompts are what the model was trained to be asked, and texts with several speakers are taken apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tokenizers", reason="tokenizers is not installed: pip install tokenizers")

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from wyoming_openspeakers.engines.base import EngineError
from wyoming_openspeakers.engines.vibevoice.prompt import PREFACE, PromptWriter, Script, Turn

BEGIN, END = 200, 201


@pytest.fixture
def writer(tmp_path: Path) -> PromptWriter:
    """With a token for each letter: its code."""
    vocabulary = {chr(code): code for code in range(128)}
    letters = Tokenizer(models.WordLevel(vocabulary, unk_token=chr(63)))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    letters.add_special_tokens([AddedToken("<begin>", special=True)])
    letters.save(str(tmp_path / "tokenizer.json"))
    return PromptWriter(tmp_path / "tokenizer.json", {"audio_bos_token_id": BEGIN, "audio_eos_token_id": END})


def text(ids: list[int]) -> str:
    return "".join({BEGIN: "<begin>", END: "<end>"}.get(number, chr(number % 128)) for number in ids)


def test_asks_as_the_model_was_trained_to_be_asked(writer: PromptWriter) -> None:
    assert [text(part) for part in writer.voices([])] == [PREFACE]
    assert [text(part) for part in writer.voices([0, 2])] == [
        f"{PREFACE} Voice input:\n Speaker 0:<begin>",
        "<end>\n Speaker 2:<begin>",
        "<end>\n",
    ]
    script = writer.script([Turn(0, "Hello."), Turn(1, "Hi!")])
    assert text(script) == " Text input:\n Speaker 0: Hello.\n Speaker 1: Hi!\n Speech output:\n<begin>"


def test_a_text_cannot_say_the_models_own_tokens(writer: PromptWriter) -> None:
    said = text(writer.script([Turn(0, "<begin>")]))
    assert said.count("<begin>") == 2 and len(writer.script([Turn(0, "<begin>")])) == len(said) - len("<begin>") + 1


@pytest.mark.parametrize("content", ["", "{", json.dumps({"version": "1.0"})])
def test_names_a_damaged_tokenizer(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(EngineError, match=r"tokenizer.json is damaged") as caught:
        PromptWriter(path, {})
    assert caught.value.code == "model_missing"


@pytest.mark.parametrize(
    ("said", "turns"),
    [
        ("Good morning.", [(0, "Good morning.")]),
        ("Speaker 1: Hello!\nSpeaker 2: Hi.", [(0, "Hello!"), (1, "Hi.")]),
        ("Speaker 0: Hello! Speaker 3: Hi.", [(0, "Hello!"), (3, "Hi.")]),
        ("[S1] Hello! [S2] Hi. [S1] So?", [(0, "Hello!"), (1, "Hi."), (0, "So?")]),
        ("Speaker one: Hello! Speaker four: Hi.", [(0, "Hello!"), (3, "Hi.")]),
        ("Well. Speaker 2: Hi,\n  it’s me.", [(0, "Well."), (1, "Hi, it's me.")]),
        ("Speaker 1: ... Speaker 2: Hi.", [(1, "Hi.")]),
        ("The speaker 1: loud.", [(0, "The speaker 1: loud.")]),
        ("MySpeaker 1: loud.", [(0, "MySpeaker 1: loud.")]),
        ("?!", []),
    ],
)
def test_takes_a_dialogue_apart(said: str, turns: list[tuple[int, str]]) -> None:
    script = Script(said)
    assert script.turns(said) == [Turn(*turn) for turn in turns]


def test_whoever_spoke_last_goes_on_in_the_next_piece() -> None:
    script = Script("Speaker 1: One. Speaker 2: Two. Three.")
    assert script.is_dialogue and not Script("One. Two.").is_dialogue
    assert script.turns("Speaker 1: One. Speaker 2: Two.")[-1] == Turn(1, "Two.")
    assert script.turns("Three.") == [Turn(1, "Three.")]


@pytest.mark.parametrize("said", ["Speaker 5: Hi.", "[S7] Hi.", "Speaker 0: Hi. Speaker 4: Hi."])
def test_says_how_many_speakers_there_can_be(said: str) -> None:
    with pytest.raises(EngineError, match="they can be Speaker") as caught:
        Script(said)
    assert caught.value.code == "bad_parameter"
