"""Pictures of screens, to be looked at: an SVG that Textual exported, or what tmux captured, as PNG.

tmux capture-pane -p -e | python -m tests.support.png - screen.png
python -m tests.support.png screen.svg screen.png
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import resvg_py
from rich.console import Console
from rich.text import Text

FONT = "DejaVu Sans Mono"
"""The font that letters are drawn in; it has box drawing characters, ticks and crosses."""


def svg_to_png(svg: str) -> bytes:
    """`svg` as PNG, with all its text in `FONT`."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, monospace_family=FONT, font_dirs=["/usr/share/fonts"]))


def ansi_to_png(captured: str, *, columns: int = 0, title: str = "") -> bytes:
    """A screen captured with its colours (`tmux capture-pane -e`) as PNG; `columns` 0 takes the longest line."""
    lines = [Text.from_ansi(line) for line in captured.rstrip("\n").split("\n")]
    width = columns or max(line.cell_len for line in lines)
    console = Console(
        record=True,
        file=io.StringIO(),
        width=width,
        height=len(lines),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    return svg_to_png(console.export_svg(title=title))


def main(source: str, picture: str) -> None:
    """Write `picture` from `source`: an `.svg` file, or captured text (`-`: standard input)."""
    if source.endswith(".svg"):
        drawn = svg_to_png(Path(source).read_text())
    else:
        drawn = ansi_to_png(sys.stdin.read() if source == "-" else Path(source).read_text())
    Path(picture).write_bytes(drawn)


if __name__ == "__main__":
    main(*sys.argv[1:])
