"""Emoji out of text."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.emoji import strip_emoji


@pytest.mark.parametrize(
    "emoji",
    [
        "😀", "👩‍💻", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "#️⃣", "*⃣", "❤️", "❤️‍🔥", "☀", "☀️", "⚡", "✅",
        "✔️", "➡️", "↔️",
        "‼️", "ℹ️", "⏰", "⭐", "🅰️", "㊗️", "🤷‍♀️", "🏳️‍🌈", "▶️", "🫨", "😀😃 😄",
    ],
)  # fmt: skip
def test_emoji_go(emoji: str) -> None:
    assert strip_emoji(emoji).strip() == ""
    assert " ".join(strip_emoji(f"on {emoji} off").split()) == "on off"
    assert " ".join(strip_emoji(f"on{emoji}off").split()) == "on off"


@pytest.mark.parametrize(
    "text",
    ["20 °C", "Acme™ © ®", "5 € £3 50 %", "½ ²", "A → B", "x ≤ y ± 1", "naïve", "你好。", "かな", "नमस्ते",
    "می‌خواهم", "1 # 2 *", "№ 5", "≈ 3"],
)  # fmt: skip
def test_text_stays(text: str) -> None:
    assert strip_emoji(text) == text


def test_a_symbol_of_text_only_loses_its_looks() -> None:
    assert strip_emoji("Acme™️ ©️") == "Acme™ ©"
