"""A screen as a PNG, cell by cell: `await shoot(app, path)` from a pilot test or a script."""

from pathlib import Path
from typing import Any

from rich.color import ColorType
from rich.style import Style
from textual.app import App

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"


def shoot(app: App[int], path: Path, size: int = 14) -> None:
    """Draw what the compositor holds. Needs Pillow and the DejaVu fonts."""
    from PIL import Image, ImageDraw, ImageFont

    fonts = {bold: ImageFont.truetype(FONT.format("-Bold" if bold else ""), size) for bold in (False, True)}
    wide, high = round(fonts[False].getlength("M")), round(size * 1.22)
    strips = app.screen._compositor.render_strips()
    image = Image.new("RGB", (wide * app.size.width, high * len(strips)))
    draw = ImageDraw.Draw(image)
    for y, strip in enumerate(strips):
        x = 0
        for text, style, _ in strip:
            style = style or Style()
            front, back = _rgb(style, True), _rgb(style, False)
            if style.reverse:
                front, back = back, front
            for char in text:
                draw.rectangle((x * wide, y * high, (x + 1) * wide - 1, (y + 1) * high - 1), fill=back)
                if "\u2800" <= char <= "\u28ff":
                    _dots(draw, ord(char) - 0x2800, x * wide, y * high, wide, high, front)
                else:
                    draw.text((x * wide, y * high), char, font=fonts[bool(style.bold)], fill=front)
                if style.underline:
                    draw.line((x * wide, (y + 1) * high - 1, (x + 1) * wide, (y + 1) * high - 1), fill=front)
                x += 1
    image.save(path)


def _dots(draw: Any, mask: int, left: int, top: int, wide: int, high: int, color: tuple[int, int, int]) -> None:
    """Braille by hand: the font has none."""
    for bit, (column, row) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
        if mask >> bit & 1:
            x, y = left + (2 * column + 1) * wide // 4, top + (2 * row + 1) * high // 8
            draw.rectangle((x - 1, y - 1, x, y), fill=color)


def _rgb(style: Style, front: bool) -> tuple[int, int, int]:
    color = style.color if front else style.bgcolor
    if color is None or color.type is ColorType.DEFAULT:
        return (220, 220, 220) if front else (0, 0, 0)
    return tuple(color.get_truecolor())
