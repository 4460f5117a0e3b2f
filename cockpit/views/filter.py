"""What `/` finds: text, standings, kinds and positions.

All words must hold. A word that names a standing (`open`, `fail`, `blocked`, ...), `bad`, `left`, a mode (`manual`,
`live`, `both`, `demand`) or a kind of check (`http`, ...) asks for that; `@security` asks for a position; `!word` asks
for what the word does not find; anything else is looked for in titles, ids and the headings over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.checklist.model import Branch, Command, Contact, Item
from cockpit.run.standing import Standing

_STANDINGS = {standing.value: standing for standing in Standing if " " not in standing.value}
_MODES = ("manual", "live", "both")

HELP = "text, open, fail, bad, left, manual, live, demand, http, @position, !not"
"""The words that a filter knows, for a hint beside the prompt."""


@dataclass(frozen=True)
class Filter:
    """Words that must all be true of what is shown. Without words it is false, and finds everything."""

    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.text.split())

    def matches(self, subject: Branch | Item | Contact | Command, over: str, stands: Mapping[str, Standing]) -> bool:
        """Whether `subject`, under headings with the titles `over`, is wanted."""
        return all(_holds(word, subject, over, stands) for word in self.text.casefold().split())


def _holds(word: str, subject: Branch | Item | Contact | Command, over: str, stands: Mapping[str, Standing]) -> bool:
    if word.startswith("!") and len(word) > 1:
        return not _holds(word[1:], subject, over, stands)
    if isinstance(subject, Item):
        answer = _of_item(word, subject, stands[subject.id])
        if answer is not None:
            return answer
    if word.startswith("@"):
        return getattr(subject, "position", "").casefold().startswith(word[1:])
    return word in _words_of(subject, over)


def _of_item(word: str, item: Item, stands: Standing) -> bool | None:
    """Whether a word with a meaning holds; None when it has none and is just text."""
    if word.startswith("@"):
        return (item.confirm.position if item.confirm else "").casefold().startswith(word[1:])
    if word in _STANDINGS:
        return stands is _STANDINGS[word]
    if word in _MODES:
        return item.mode == word or (item.mode == "both" and word in ("live", "manual"))
    if word == "demand":
        return item.check is not None and item.check.on_demand
    if word in ("bad", "left"):
        return stands.bad if word == "bad" else not stands.settled
    return True if item.check is not None and word == item.check.kind else None


def _words_of(subject: Branch | Item | Contact | Command, over: str) -> str:
    if isinstance(subject, Contact):
        return f"{subject.name} {subject.position} {subject.chat} {subject.email} {over}".casefold()
    own = subject.run if isinstance(subject, Command) else ""
    return f"{subject.id} {subject.title} {own} {over}".casefold()
