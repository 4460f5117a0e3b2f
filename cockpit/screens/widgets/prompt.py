"""Where a person types: one line, without a blinking cursor, that no paste can break."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from cockpit.text import safe_line


class Prompt(Input):
    """An input whose pasted text is made safe, and kept whole on one line."""

    DEFAULT_CSS = """
    Prompt, Prompt:focus {
        border: none; height: 1; padding: 0; width: 1fr;
        background: ansi_default; color: ansi_default;
        &>.input--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
        &>.input--selection { background: ansi_default; color: ansi_default; text-style: reverse; }
        &>.input--placeholder { background: ansi_default; color: ansi_default; text-style: dim; }
    }
    """

    def __init__(self, value: str = "", placeholder: str = "", *, name: str) -> None:
        """Start with `value`; `placeholder` is shown while it is empty."""
        super().__init__(value, placeholder, id=name, select_on_focus=False)
        self.cursor_blink = False

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(safe_line(" ".join(event.text.split("\n")).replace("\r", " ")))
