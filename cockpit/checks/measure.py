"""One whole measurement: as many tries as its window allows, within its deadline, decided and safe to keep.

Whatever a kind or its library does (raise, hang, answer with a secret or with control sequences), what comes out is a
`CheckMeasured` that can be written to a journal.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pydantic

from cockpit.checklist.conditions import Condition, ConditionError, compile_condition, compile_figure
from cockpit.checklist.kinds import Meaning, keys_that_are
from cockpit.checklist.model import Check
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect import deadline
from cockpit.connect.dial import Unreachable
from cockpit.connect.thread import LEFT_BEHIND_LIMIT, Stuck, imported, in_thread
from cockpit.connect.values import ValueMissing, Values
from cockpit.journal.event import CheckMeasured, Finding
from cockpit.text import Redactor, safe, safe_line

EVIDENCE_LIMIT = 4096
"""Characters of evidence that are kept: the first and the last half."""

LINE_LIMIT = 300
"""Characters of a summary and of a value that was found."""

REQUEST_LIMIT = 1000

GRACE = 0.05
"""Seconds that a kind has to say in its own words why it ran out of time, before it is left behind."""


async def measure(
    item: str,
    check: Check,
    *,
    kinds: Mapping[str, Kind],
    values: Values,
    session: Session,
    found: Callable[[Mapping[str, Any]], None] | None = None,
) -> CheckMeasured:
    """Measure `check` of the item `item`. Never raises, but for the cancellation of its caller.

    `found` is told every value that the last try found, as it may be shown, but neither capped nor made safe.
    """
    started, asked, tries = time.monotonic(), "", 1
    try:
        for module in getattr(kinds.get(check.kind), "imports", ()):
            await imported(module)
        started = time.monotonic()
        deadline = started + (check.deadline or check.timeout + check.retry_for)
        probe = await _prepare(item, check, kinds, values, deadline)
        asked = probe.kind.request(probe.spec)
        session = session.through(check.via).using(probe.used)
        asked += session.route.words
        outcome, tries = await _try(probe, check, session, started, deadline)
    except (_NotMeasured, Unreachable) as error:
        outcome = _Outcome("ERROR", str(error))
    except Exception as error:  # noqa: BLE001 - a kind may raise anything, and must not take others down
        outcome = _Outcome("ERROR", _foreign(check.kind, error))
    if found is not None:
        found(outcome.shown)
    clean = _Clean(values.redactor)
    return CheckMeasured(
        item=item,
        result=outcome.result,
        summary=clean.line(outcome.summary),
        flaky=outcome.good and tries > 1,
        tries=tries,
        took=round(time.monotonic() - started, 6),
        request=clean.line(asked, REQUEST_LIMIT),
        findings=tuple(clean.finding(finding) for finding in outcome.findings),
        evidence=clean.evidence(outcome.evidence, outcome.cut),
        value=outcome.figure,
        unit=outcome.unit,
    )


async def _try(probe: _Probe, check: Check, session: Session, started: float, deadline: float) -> tuple[_Outcome, int]:
    """Try until it is good, or the window or the deadline is over; the last outcome, and how many tries it took."""
    tries = 0
    while True:
        tries += 1
        outcome = await probe.attempt(session, min(check.timeout, deadline - time.monotonic()))
        following = time.monotonic() + check.retry_every
        if outcome.good or following > started + check.retry_for or following >= deadline:
            return outcome, tries
        await asyncio.sleep(check.retry_every)


class _Left(Exception):
    """A library called for the end of the program."""

    def __init__(self, exit: SystemExit) -> None:  # noqa: A002 - that is what it is
        super().__init__()
        self.exit = exit


class _NotMeasured(Exception):
    """There is nothing to measure with: a value is missing, a kind is not known."""


@dataclass(frozen=True)
class _Outcome:
    """What one try came to, as it was found."""

    result: str
    summary: str
    findings: tuple[Finding, ...] = ()
    evidence: str = ""
    cut: bool = False
    figure: float | None = None
    unit: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return self.result in ("PASS", "WARN")


@dataclass(frozen=True)
class _Probe:
    """A check that is ready to be tried."""

    item: str
    kind: Kind
    spec: Any
    expect: tuple[Condition, ...]
    warn: tuple[Condition, ...]
    figure: Condition | None
    redact: Redactor

    @property
    def used(self) -> frozenset[str]:
        """The fields that its conditions and its figure name."""
        conditions = (*self.expect, *self.warn, *((self.figure,) if self.figure is not None else ()))
        return frozenset(name for condition in conditions for name in condition.roots)

    async def attempt(self, session: Session, timeout: float) -> _Outcome:
        """Try once, within `timeout` seconds and a grace."""
        if list(_left_behind.values()).count(self.item) >= LEFT_BEHIND_LIMIT:
            return _Outcome("ERROR", f"not tried: {LEFT_BEHIND_LIMIT} earlier tries hang and cannot be ended")
        asked = (self.kind.name, self.spec.model_dump_json(), session.used, round(timeout, 1))
        reading, ours = session.reading(asked, lambda: self._read(session, timeout))
        try:
            await asyncio.wait({reading}, timeout=timeout + GRACE)
        finally:
            if ours and not reading.done():
                _leave_behind(self.item, reading)
        if not reading.done() or (reading.cancelled() and not ours):
            return _Outcome("ERROR", f"timed out after {timeout:.1f} s")
        return self._judge(reading)

    async def _read(self, session: Session, timeout: float) -> Reading:
        try:
            with deadline.within(timeout):
                return await self.kind.read(self.spec, session, timeout)
        except SystemExit as error:  # would end the program
            raise _Left(error) from None

    def _judge(self, reading: asyncio.Task[Reading]) -> _Outcome:
        """What a reading came to, whatever the kind or its library did."""
        if reading.cancelled():
            return _Outcome("ERROR", f"{self.kind.name} failed: it cancelled itself")
        error = reading.exception()
        if isinstance(error, _Left):
            error = error.exit
        if isinstance(error, Unmeasurable):
            return _Outcome("ERROR", str(error), evidence=error.evidence, cut=error.cut)
        if isinstance(error, Unreachable | Stuck):
            return _Outcome("ERROR", str(error))
        if error is not None:
            return _Outcome("ERROR", _foreign(self.kind.name, error))
        try:
            return self._decide(reading.result())
        except Exception as problem:  # noqa: BLE001 - what a kind hands over may be anything
            return _Outcome("ERROR", _foreign(self.kind.name, problem))

    def _decide(self, reading: Reading) -> _Outcome:
        if not isinstance(reading, Reading):
            return _Outcome("ERROR", f"{self.kind.name} failed: it read nothing")
        shown = _redacted(reading.values if reading.shown is None else reading.shown, self.redact)
        expected = [_finding(condition, reading.values, shown) for condition in self.expect]
        wanted = [_finding(condition, reading.values, shown) for condition in self.warn]
        missed = [finding for finding in (*expected, *wanted) if not finding.holds]
        result = "PASS" if not missed else ("WARN" if all(finding.holds for finding in expected) else "FAIL")
        figure, summary = self._figure(reading)
        implied = (self.kind.implied, getattr(self.kind, "implied_warn", ""))
        told = not missed or missed[0].condition in implied  # what a kind implies, its summary says
        return _Outcome(
            result,
            summary if told else f"{summary}; {_complaint(missed[0])}",
            (*expected, *wanted),
            reading.evidence,
            reading.cut,
            figure,
            self._unit(reading),
            shown,
        )

    def _figure(self, reading: Reading) -> tuple[float | None, str]:
        """The number to plot, and the reading in one line: the number first when the checklist asks for it."""
        if self.figure is None:
            return reading.figure, reading.summary
        figure = self.figure.compute(reading.values)
        return figure, f"{'no figure' if figure is None else f'{figure:.4g}'} ({reading.summary})"

    def _unit(self, reading: Reading) -> str:
        """`s` when the kind's own figure is one of its fields that are told in seconds."""
        in_seconds = (each.name for each in self.kind.fields if each.unit == "seconds")
        own = self.figure is None and reading.figure is not None
        return "s" if own and any(reading.values.get(name) == reading.figure for name in in_seconds) else ""


async def _prepare(item: str, check: Check, kinds: Mapping[str, Kind], values: Values, deadline: float) -> _Probe:
    """Everything that has to be there before the first try. Raises _NotMeasured."""
    kind = kinds.get(check.kind)
    if kind is None:
        raise _NotMeasured(f"there is no kind of check called {check.kind!r}: is the package that brings it installed?")
    expect = check.expect or ((kind.implied,) if kind.implied else ())
    implied_warn = getattr(kind, "implied_warn", "")
    warn = check.warn or ((implied_warn,) if implied_warn and not check.expect else ())
    if not expect:
        raise _NotMeasured("this check cannot fail: it has no condition; write one under `expect`")
    try:
        filled = await _filled(check.spec, keys_that_are(kind.spec, Meaning.SHELL), values, deadline)
        return _Probe(
            item,
            kind,
            kind.spec.model_validate(filled),
            tuple(compile_condition(text, kind.fields) for text in expect),
            tuple(compile_condition(text, kind.fields) for text in warn),
            compile_figure(check.figure, kind.fields) if check.figure else None,
            values.redactor,
        )
    except pydantic.ValidationError as error:
        raise _NotMeasured(_invalid(kind.name, error)) from None
    except ValueMissing as error:
        raise _NotMeasured(str(error)) from None
    except ConditionError as error:
        raise _NotMeasured(f"a condition cannot be used: {error}") from None


async def _filled(spec: dict[str, Any], commands: tuple[str, ...], values: Values, deadline: float) -> dict[str, Any]:
    if values.at_hand(spec):
        return values.fill(spec, commands)
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + deadline - time.monotonic()):
            return await in_thread("reading the variables of a check", lambda: values.fill(spec, commands))
    except TimeoutError:
        raise _NotMeasured("timed out while its variables were read") from None
    except Stuck as error:
        raise _NotMeasured(str(error)) from None


_left_behind: dict[asyncio.Task[Any], str] = {}


def _leave_behind(item: str, reading: asyncio.Task[Any]) -> None:
    """Cancel a reading without waiting for it: a library that hangs in its own clean-up must not hang the check."""
    _left_behind[reading] = item
    reading.add_done_callback(_left_behind.pop)
    reading.cancel()


def _finding(condition: Condition, values: Mapping[str, Any], shown: Mapping[str, Any]) -> Finding:
    """How a condition came out on what was found, explained with what may be shown."""
    decision = condition.decide(values)
    found = decision.found if shown is values else condition.decide(shown).found
    return Finding(condition.text, decision.holds, found, decision.problem)


def _complaint(finding: Finding) -> str:
    """`not: body.colour == 'green' (body.colour: blue)`."""
    found = ", ".join(f"{name}: {value}" for name, value in finding.found.items())
    reason = finding.problem or found
    return f"not: {finding.condition}" + (f" ({reason})" if reason else "")


def _redacted(value: Any, redact: Redactor) -> Any:
    """`value` with no secret in any of its texts; the very same object when there are no secrets to look for."""
    if not redact.longest:
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {_redacted(key, redact): _redacted(each, redact) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(each, redact) for each in value]
    return value


@dataclass(frozen=True)
class _Clean:
    """Makes texts fit to be kept: secrets out first, then control sequences, then what is too much."""

    redact: Redactor

    def line(self, text: str, limit: int = LINE_LIMIT) -> str:
        return safe_line(self.redact(text), width=limit)

    def finding(self, finding: Finding) -> Finding:
        found = {self.line(name): self.line(value) for name, value in finding.found.items()}
        return Finding(self.line(finding.condition, 2000), finding.holds, found, self.line(finding.problem))

    def evidence(self, text: str, cut: bool) -> str:
        text = self.redact(text)
        if cut:
            # A secret may have been cut in two at the end, and so not been recognised.
            text = text[: max(0, len(text) - self.redact.longest)][: 64 * EVIDENCE_LIMIT]
        if len(text) > EVIDENCE_LIMIT:
            half = EVIDENCE_LIMIT // 2
            omitted = len(text) - 2 * half
            text = f"{text[:half]}\n[{omitted} characters left out]\n{text[-half:]}"
        return safe(text)


def _invalid(kind: str, error: pydantic.ValidationError) -> str:
    """What is wrong with what a kind was given, without the values, which may be secret."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = f"`{'.'.join(str(step) for step in first['loc'])}` " if first["loc"] else ""
    words = {"missing": "is missing", "extra_forbidden": "is not a key of it"}.get(first["type"])
    return f"`{kind}`: {where}{words or first['msg'].removeprefix('Value error, ')}"


def _foreign(kind: str, error: BaseException) -> str:
    said = str(error).strip().splitlines()
    return f"{kind} failed: {type(error).__name__}{f': {said[0]}' if said else ''}"
