#!/usr/bin/env python3
"""Draws icon.png and logo.png; needs Pillow, and is needed only to change them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).parent
FINER = 8
"""Everything is drawn so many times larger, and made smaller at the end."""

TOP, BOTTOM = (92, 107, 240), (20, 184, 166)
WORDS = (66, 133, 214)
"""Readable on white and on black."""

BARS = (0.22, 0.46, 0.82, 0.58, 0.34, 0.16)


def bubble(size: int) -> Image.Image:
    """A speech bubble with a voice in it."""
    full = size * FINER
    shape = Image.new("L", (full, full))
    draw = ImageDraw.Draw(shape)
    edge, bottom = full * 0.03, full * 0.84
    draw.rounded_rectangle((edge, edge, full - edge, bottom), full * 0.23, fill=255)
    draw.polygon([(full * 0.2, bottom - full * 0.1), (full * 0.47, bottom - 1), (full * 0.2, full * 0.985)], fill=255)
    step, width, middle = full * 0.128, full * 0.066, (edge + bottom) / 2
    left = full / 2 - step * (len(BARS) - 1) / 2
    for index, height in enumerate(BARS):
        x, half = left + index * step, max(height * (bottom - edge) * 0.38, width / 2)
        draw.rounded_rectangle((x - width / 2, middle - half, x + width / 2, middle + half), width / 2, fill=0)
    picture = Image.new("RGBA", (full, full))
    picture.paste(gradient(full), (0, 0), shape)
    white = Image.new("RGBA", (full, full), (255, 255, 255, 255))
    inside = Image.new("L", (full, full))
    ImageDraw.Draw(inside).rounded_rectangle((full * 0.1, full * 0.1, full * 0.9, bottom - full * 0.08), fill=255)
    bars = Image.new("L", (full, full))
    bars.paste(inside, (0, 0), Image.eval(shape, lambda value: 255 - value))
    picture.paste(white, (0, 0), bars)
    return picture


def gradient(size: int) -> Image.Image:
    """From the top left to the bottom right."""
    picture = Image.new("RGB", (64, 64))
    for x in range(64):
        for y in range(64):
            share = (x + y) / 126
            red, green, blue = (round(a + (b - a) * share) for a, b in zip(TOP, BOTTOM, strict=True))
            picture.putpixel((x, y), (red, green, blue))
    return picture.resize((size, size), Image.Resampling.BICUBIC)


def logo() -> Image.Image:
    """The bubble, and the name beside it."""
    width, height = 250 * FINER, 100 * FINER
    picture = Image.new("RGBA", (width, height))
    mark = bubble(78)
    picture.paste(mark, (4 * FINER, 12 * FINER), mark)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(33 * FINER)
    for index, word in enumerate(("Open", "Speakers")):
        at = (96 * FINER, (12 + 34 * index) * FINER)
        draw.text(at, word, fill=WORDS, font=font, stroke_width=FINER // 2, stroke_fill=WORDS)
    return picture


def save(picture: Image.Image, name: str) -> None:
    """Write it in its real size."""
    width, height = picture.size
    small = picture.resize((width // FINER, height // FINER), Image.Resampling.LANCZOS)
    small.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    save(bubble(128), "icon.png")
    save(logo(), "logo.png")
