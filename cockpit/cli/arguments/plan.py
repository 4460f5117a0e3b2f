"""The commands that carry the plan out, and back."""

from __future__ import annotations

from cockpit.cli import completers, words
from cockpit.cli.arguments.shared import because, item, run, type_name
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    step = cockpit.command(
        "step",
        "carry:step",
        "Carry a step of the plan on: begin it, try it again, leave it out, say how it is.",
        "cockpit step 20261201-2130-2.4.0 migrate go",
        "cockpit step 20261201-2130-2.4.0 freeze tell --because 'posted at 21:58'",
        more="go begins it, retry does it again, verify only looks again whether it worked, skip leaves it out, tell\n"
        "says what was seen after doing it by hand, stop ends its action, happened and not-happened settle a doubt,\n"
        "agree is the second person's word.",
    )
    run(step).argument("step", metavar="STEP", complete=completers.steps, help="the id of a step")
    step.argument("what", choices=words.STEP_WORDS, help="what is done with it")
    because(step, required=False)
    type_name(step, "the release's name, where a step is a point of no return")

    rollback = cockpit.command(
        "rollback",
        "carry:rollback",
        "Go the way back: undo what was done, in reverse.",
        "cockpit rollback 20261201-2130-2.4.0 --type-name 2.4.0 --because 'orders fail'",
    )
    because(type_name(run(rollback), "the release's name, to show that it is meant"), required=True)
    rollback.argument(
        "--to", metavar="STEP", default="", complete=completers.steps, help="undo back to this step only, that one too"
    )
    recycle = cockpit.command(
        "recycle",
        "carry:recycle",
        "Go on with the plan from an earlier step again: it changes nothing, or was undone.",
        "cockpit recycle 20261201-2130-2.4.0 go-no-go --because 'all are asked again'",
    )
    run(recycle).argument("step", metavar="STEP", complete=completers.steps, help="the id of a step")
    because(recycle, required=True)
    clear = cockpit.command(
        "clear",
        "carry:clear",
        "Say, after a rollback, that the run may go on.",
        "cockpit clear 20261201-2130-2.4.0 --because 'a typo in the migration; mended'",
    )
    because(run(clear), required=True)
    unrehearsed = cockpit.command(
        "waive-rehearsal",
        "carry:waive_rehearsal",
        "Carry a plan out that demands to be rehearsed, and was not.",
        "cockpit waive-rehearsal 20261201-2130-2.4.0 --because 'the same plan but for one typo'",
    )
    because(run(unrehearsed), required=True)
    veto = cockpit.command(
        "veto",
        "carry:veto",
        "Keep what a watch has fired from being done.",
        "cockpit veto 20261201-2130-2.4.0 error-rate --because 'a known burst of the importer'",
    )
    because(item(run(veto)), required=True)
    poll = cockpit.command(
        "poll", "carry:poll", "Begin the roll call of a gate.", "cockpit poll 20261201-2130-2.4.0 go-no-go"
    )
    run(poll).argument("step", metavar="STEP", complete=completers.steps, help="the step that is the gate")
    answer = cockpit.command(
        "answer",
        "carry:answer",
        "Say GO or NO-GO for a position.",
        "cockpit answer 20261201-2130-2.4.0 --as security GO --because 'keys rotated at 19:40'",
    )
    run(answer).argument("answer", choices=["GO", "NO-GO"], help="the answer")
    answer.argument("--as", dest="as_position", metavar="POSITION", required=True, help="the position that answers")
    answer.argument("--relayed", metavar="NAME", default="", help="the captain only: whose voice this is")
    because(answer, required=True)
