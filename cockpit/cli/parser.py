"""Every command of the command line: its words, its help, an example, and the function that carries it out.

A command's `target` is `module:function` in this folder; the module is imported when the command runs.
"""

from __future__ import annotations

import argparse

from cockpit.cli import completers, words
from cockpit.cli.check_help import CHECK
from cockpit.cli.command import Command
from cockpit.cli.exits import EXPLAINED
from cockpit.cli.logs_help import add_logs
from cockpit.cli.parser_beside import add_beside
from cockpit.cli.report_arguments import add_reports


def build() -> Command:
    """The parser of the whole command line."""
    parser = Command(prog="cockpit", usage="cockpit [COMMAND ...]", add_help=False, lists_commands=False)
    parser.set_defaults(target="picker:pick", command=parser)
    parser.add_argument("--version", action="version", version=_version(), help=argparse.SUPPRESS)
    parser.add_argument("--help", "-h", action="help", help=argparse.SUPPRESS)
    families = [
        ("carry out a checklist", _add_runs),
        ("say something on a run", _add_words),
        ("read the record", _add_record),
        ("go live, and back", _add_plan),
        ("call and look", add_beside),
        ("measure", _add_check),
        ("write a checklist", _add_checklist),
        ("try it, use it", _add_rest),
    ]
    lines = ["A release captain's launch room in one terminal.", "", "`cockpit` alone lists what is under way here."]
    for title, add in families:
        known = len(parser.commands)
        add(parser)
        lines += ["", f"{title}:"]
        lines += [f"  {name:11} {_first_line(each)}" for name, each in list(parser.commands.items())[known:]]
    lines += ["", "`cockpit COMMAND --help` shows its arguments and an example.", "", EXPLAINED]
    parser.description = "\n".join(lines)
    return parser


def _add_runs(cockpit: Command) -> None:
    opened = cockpit.command(
        "open",
        "runs:open_run",
        "Start a run of a checklist, or go on with one.",
        "cockpit open production --release 2.4.0 --environment production",
        "cockpit open launch.yaml --rehearsal --var base_url=http://127.0.0.1:8080",
        "cockpit open launch.yaml --drill faults.yaml",
    )
    _checklist(opened)
    opened.argument("--release", metavar="V", default="", help="what is being released; also the variable `release`")
    opened.argument("--environment", metavar="E", default="", help="where to: production, staging, ...")
    practice = opened.add_mutually_exclusive_group()
    practice.add_argument(
        "--rehearsal",
        action="store_true",
        help="change nothing: what is done is shown, or its stand-in carried out; every screen says so",
    )
    practice.add_argument("--drill", metavar="FILE", default="", help="a rehearsal with the faults that FILE puts in")
    opened.argument("--run", metavar="ID", default="", complete=completers.runs, help="name the run, or go on with it")
    opened.argument("--group", metavar="NAME", default="", help="let the members of this Unix group look on")
    opened.argument(
        "--baseline",
        metavar="BASELINE",
        default="",
        complete=completers.baselines,
        help="show what differs from a baseline, a file or one that `cockpit capture` kept",
    )
    opened.argument("--new", action="store_true", help="open another run although one of these is under way")
    _plain(_notify(opened))

    attached = cockpit.command(
        "attach",
        "runs:attach",
        "Look on at a run, or take command of it.",
        "cockpit attach 20261201-2130-2.4.0",
        "cockpit attach 20261201-2130-2.4.0 --take-command",
        "cockpit attach 20261201-2130-2.4.0 --as security",
    )
    _run(attached)
    how = attached.add_mutually_exclusive_group()
    how.add_argument("--observe", action="store_true", help="only look on, even when nobody is captain")
    how.add_argument(
        "--as", dest="as_position", metavar="POSITION", default="", help="look on, and answer for this position"
    )
    how.add_argument("--take-command", action="store_true", help="become captain in place of whoever is")
    _plain(_notify(attached))

    _json(cockpit.command("runs", "runs:list_runs", "List the runs that are here, newest first.", "cockpit runs"))
    status = cockpit.command(
        "status",
        "runs:status",
        "Tell where a run stands.",
        "cockpit status 20261201-2130-2.4.0",
        "cockpit status 2.4.0 --json",
        "cockpit status 2.4.0 --line",
    )
    form = _run(status).add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--line", action="store_true", help="one line, to be pasted into the bridge call")


def _add_words(cockpit: Command) -> None:
    confirm = cockpit.command(
        "confirm",
        "say:confirm",
        "Say what you saw on an item.",
        "cockpit confirm 20261201-2130-2.4.0 backup-tested 'restored on 12 May in 41 minutes' --link https://wiki.example/restore",
    )
    _item(_run(confirm)).argument("value", metavar="VALUE", help="the value that you saw")
    _evidence(confirm.argument("--note", metavar="TEXT", default="", help="a remark on it"))

    waive = cockpit.command(
        "waive",
        "say:waive",
        "Accept an item undone or failing.",
        "cockpit waive 20261201-2130-2.4.0 load-test --because 'same hardware as last month' --until 3d",
    )
    _because(_item(_run(waive)), required=True)
    waive.argument(
        "--until", metavar="WHEN", type=words.moment, help="a time (2026-12-01T18:00) or from now (45m, 2h, 3d)"
    )
    rule_out = cockpit.command(
        "rule-out",
        "say:rule_out",
        "Say that an item, or all under a heading, is not applicable.",
        "cockpit rule-out 20261201-2130-2.4.0 redis-ssl --because 'no Redis in this installation'",
    )
    _because(_item(_run(rule_out)), required=False)
    take_back = cockpit.command(
        "take-back",
        "say:take_back",
        "Take back what was said last on an item. Nothing is erased.",
        "cockpit take-back 20261201-2130-2.4.0 backup-tested --because 'that was the old server'",
    )
    _because(_item(_run(take_back)), required=False)
    note = cockpit.command(
        "note",
        "say:note",
        "Leave a remark, on the run or on an item.",
        "cockpit note 20261201-2130-2.4.0 'the network team is on the bridge' --item dns-records",
    )
    _run(note).argument("text", metavar="TEXT", help="the remark")
    note.argument("--item", metavar="ITEM", default="", complete=completers.items, help="the item that it is about")
    _evidence(note)

    hold = cockpit.command(
        "hold",
        "say:hold",
        "Stop the run where it stands.",
        "cockpit hold 20261201-2130-2.4.0 --because 'database is slow'",
    )
    _because(_run(hold), required=True)
    release = cockpit.command(
        "release", "say:release", "End the hold.", "cockpit release 20261201-2130-2.4.0 --because 'fixed'"
    )
    _because(_run(release), required=False)
    sign = cockpit.command(
        "sign",
        "say:sign",
        "Sign with an SSH key how far the journal has got, so that cutting or rewriting it shows.",
        "cockpit sign 20261201-2130-2.4.0 --key ~/.ssh/id_ed25519",
        more="Plain OpenSSH checks it: ssh-keygen -Y verify -n cockpit-journal.",
    )
    _run(sign).argument(
        "--key", metavar="FILE", default="~/.ssh/id_ed25519", help="a private key, or a public one whose agent signs"
    )
    close = cockpit.command(
        "close", "say:close", "End the run with the verdict that it has.", "cockpit close 20261201-2130-2.4.0"
    )
    _because(_run(close), required=False)


def _add_plan(cockpit: Command) -> None:
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
    _run(step).argument("step", metavar="STEP", complete=completers.steps, help="the id of a step")
    step.argument("what", choices=words.STEP_WORDS, help="what is done with it")
    _because(step, required=False)
    _type_name(step, "the release's name, where a step is a point of no return")

    rollback = cockpit.command(
        "rollback",
        "carry:rollback",
        "Go the way back: undo what was done, in reverse.",
        "cockpit rollback 20261201-2130-2.4.0 --type-name 2.4.0 --because 'orders fail'",
    )
    _because(_type_name(_run(rollback), "the release's name, to show that it is meant"), required=True)
    rollback.argument(
        "--to", metavar="STEP", default="", complete=completers.steps, help="undo back to this step only, that one too"
    )
    recycle = cockpit.command(
        "recycle",
        "carry:recycle",
        "Go on with the plan from an earlier step again: it changes nothing, or was undone.",
        "cockpit recycle 20261201-2130-2.4.0 go-no-go --because 'all are asked again'",
    )
    _run(recycle).argument("step", metavar="STEP", complete=completers.steps, help="the id of a step")
    _because(recycle, required=True)
    clear = cockpit.command(
        "clear",
        "carry:clear",
        "Say, after a rollback, that the run may go on.",
        "cockpit clear 20261201-2130-2.4.0 --because 'a typo in the migration; mended'",
    )
    _because(_run(clear), required=True)
    unrehearsed = cockpit.command(
        "waive-rehearsal",
        "carry:waive_rehearsal",
        "Carry a plan out that demands to be rehearsed, and was not.",
        "cockpit waive-rehearsal 20261201-2130-2.4.0 --because 'the same plan but for one typo'",
    )
    _because(_run(unrehearsed), required=True)
    veto = cockpit.command(
        "veto",
        "carry:veto",
        "Keep what a watch has fired from being done.",
        "cockpit veto 20261201-2130-2.4.0 error-rate --because 'a known burst of the importer'",
    )
    _because(_item(_run(veto)), required=True)
    poll = cockpit.command(
        "poll", "carry:poll", "Begin the roll call of a gate.", "cockpit poll 20261201-2130-2.4.0 go-no-go"
    )
    _run(poll).argument("step", metavar="STEP", complete=completers.steps, help="the step that is the gate")
    answer = cockpit.command(
        "answer",
        "carry:answer",
        "Say GO or NO-GO for a position.",
        "cockpit answer 20261201-2130-2.4.0 --as security GO --because 'keys rotated at 19:40'",
    )
    _run(answer).argument("answer", choices=["GO", "NO-GO"], help="the answer")
    answer.argument("--as", dest="as_position", metavar="POSITION", required=True, help="the position that answers")
    answer.argument("--relayed", metavar="NAME", default="", help="the captain only: whose voice this is")
    _because(answer, required=True)


def _add_record(cockpit: Command) -> None:
    replay = cockpit.command(
        "replay",
        "replay:replay",
        "Play a run back, from its journal alone.",
        "cockpit replay 20261201-2130-2.4.0 --speed 60",
        "cockpit replay /tmp/journal.jsonl --at 22:15",
    )
    _record(replay)
    replay.argument("--at", metavar="WHEN", default="", help="begin at a time, or at the number of an event")
    replay.argument("--speed", metavar="X", type=words.speed, default=1, help="1 to 1000 times; 1 if not given")
    _plain(replay)

    add_reports(cockpit)
    journal = cockpit.command(
        "journal", "", "The record itself: show, verify or follow it.", "cockpit journal verify 20261201-2130-2.4.0"
    )
    show = journal.command(
        "show",
        "journal:show",
        "Print every event.",
        "cockpit journal show 20261201-2130-2.4.0",
        "cockpit journal show 20261201-2130-2.4.0 --json | jq .kind",
        more="With --json: each line exactly as the journal has it.",
    )
    _json(_record(show))
    verify = journal.command(
        "verify",
        "journal:verify",
        "Prove that the chain is whole, or name the first bad line.",
        "cockpit journal verify /tmp/journal.jsonl",
        "cockpit journal verify 20261201-2130-2.4.0 --checkpoint signed.txt",
    )
    _json(_record(verify))
    verify.argument(
        "--checkpoint", metavar="FILE", default="", help="what `cockpit sign` printed and you kept: is it still so?"
    )
    follow = journal.command(
        "follow",
        "journal:follow",
        "Print events as they happen, until the run is closed.",
        "cockpit journal follow 20261201-2130-2.4.0",
    )
    _json(_record(follow))
    add_logs(cockpit)


def _add_check(cockpit: Command) -> None:
    check = cockpit.command(
        "check",
        "check:check",
        "Measure what can be measured, without a run.",
        "cockpit check production --var base_url=https://shop.example",
        "cockpit check launch.yaml api-health --format json",
        "cockpit check launch.yaml --section database --watch --every 5s",
        "cockpit check launch.yaml --changed-since launch",
        more=CHECK,
    )
    _checklist(check)
    check.argument("items", metavar="ITEM", nargs="*", complete=completers.items, help="only these, and what they need")
    check.argument("--section", metavar="ID", default="", help="only what stands under this part, section or group")
    check.argument("--only", choices=["failed"], help="show only what is not good; everything still decides")
    check.argument(
        "--format", choices=["table", "json", "junit", "tap", "nagios"], default="table", help="table if not given"
    )
    check.argument("--within", metavar="TIME", type=words.interval, help="what takes longer is an ERROR: 50s, 2m")
    check.argument("--watch", action="store_true", help="measure again and again, until Ctrl-C or SIGTERM")
    check.argument(
        "--every",
        metavar="TIME",
        type=words.interval,
        help="with --watch: how often; else as the checklist says, or 10s",
    )
    compared = check.add_mutually_exclusive_group()
    for name, about in (
        ("--baseline", "show what differs from a baseline, a file or one that is kept"),
        ("--changed-since", "the same, and only what differs is shown and decides"),
    ):
        action = compared.add_argument(name, metavar="BASELINE", default="", help=about)
        action.completer = completers.baselines  # type: ignore[attr-defined] # where argcomplete looks for it
    captured = cockpit.command(
        "capture",
        "capture:capture",
        "Measure once, and keep all values as a baseline.",
        "cockpit capture launch.yaml",
        "cockpit capture launch.yaml --section database --output before-migration.json",
        more="`check --baseline`, `check --changed-since` and `open --baseline` compare with it.",
    )
    _checklist(captured)
    captured.argument(
        "items", metavar="ITEM", nargs="*", complete=completers.items, help="only these, and what they need"
    )
    captured.argument("--section", metavar="ID", default="", help="only what stands under this part, section or group")
    where = captured.add_mutually_exclusive_group()
    where.add_argument(
        "--name", metavar="NAME", default="", help="keep it under this name; that of the checklist if not given"
    )
    where.add_argument("--output", "-o", metavar="PATH", default="", help="write it here instead")


def _add_checklist(cockpit: Command) -> None:
    lint = cockpit.command(
        "lint",
        "lint:lint",
        "Name every error of a checklist: file, line, column, what to do.",
        "cockpit lint checklists/production",
    )
    _json(_checklist(lint))
    show = cockpit.command(
        "show",
        "show:show",
        "Show a checklist as loaded: its tree, what is live, what is manual and why.",
        "cockpit show production",
        "cockpit show production --json | jq .counts",
    )
    _json(_checklist(show))
    explain = cockpit.command(
        "explain",
        "explain:explain",
        "Tell where each value of an item was written.",
        "cockpit explain production flask-env",
    )
    _item(_checklist(explain))
    cockpit.command(
        "schema",
        "kinds:schema",
        "Print the JSON Schema of checklists, for completion in editors.",
        "cockpit schema > checklist.schema.json",
    )
    _kinds(cockpit, "kinds", "Document the kinds of check.", "http", completers.kinds)
    _kinds(cockpit, "actions", "Document the kinds of action.", "swarm", completers.actions)
    imported = cockpit.command(
        "import",
        "importing:import_markdown",
        "Turn a checklist in Markdown into YAML.",
        "cockpit import launch.md -o launch.yaml",
    )
    imported.argument("file", metavar="FILE.md", help="the Markdown file")
    imported.argument("--output", "-o", metavar="OUT", help="write it here; a file that exists is left alone")


def _add_rest(cockpit: Command) -> None:
    demo = cockpit.command(
        "demo",
        "demo:demo",
        "Open a run on a sandbox of Cockpit's own: no Docker, no root.",
        "cockpit demo",
        "cockpit demo --headless",
        "cockpit demo --drill",
    )
    how = demo.add_mutually_exclusive_group()
    how.add_argument("--headless", action="store_true", help="go live and back without a screen, and print the verdict")
    how.add_argument("--rehearsal", action="store_true", help="change nothing: what is done is shown")
    how.add_argument(
        "--drill",
        metavar="FILE",
        nargs="?",
        const="demo-drill",
        default="",
        help="a rehearsal with faults: those of FILE, or the shipped ones",
    )
    _plain(demo)
    doctor = cockpit.command(
        "doctor",
        "doctor:doctor",
        "Say what on this machine will hurt, and how to mend it; with FILE, also what that checklist needs.",
        "cockpit doctor",
        "cockpit doctor launch.yaml --connect",
        more="Exit status 1 when something hurts, 3 when nothing does but something could not be told.",
    )
    doctor.argument("file", metavar="FILE", nargs="?", complete=completers.checklists, help="a checklist")
    _json(_variables(doctor)).argument("--connect", action="store_true", help="log in to each host of FILE as well")
    completion = cockpit.command(
        "completion",
        "completion:completion",
        "Print what makes a shell complete commands, runs and items.",
        "source <(cockpit completion bash)",
        "cockpit completion fish > ~/.config/fish/completions/cockpit.fish",
    )
    completion.argument("shell", choices=["bash", "zsh", "fish"])


def _checklist(command: Command) -> Command:
    command.argument(
        "file",
        metavar="FILE",
        complete=completers.checklists,
        help="a checklist: YAML, Markdown, a folder, or the name of a shipped one",
    )
    return _variables(command)


def _variables(command: Command) -> Command:
    return command.argument(
        "--var",
        metavar="NAME=VALUE",
        action="append",
        type=words.assignment,
        default=[],
        help="set a variable of the checklist; may be repeated",
    )


def _kinds(cockpit: Command, name: str, about: str, one: str, complete: completers.Completer) -> None:
    added = cockpit.command(name, f"{name}:{name}", about, f"cockpit {name}", f"cockpit {name} {one}")
    added.argument("kind", metavar="KIND", nargs="?", complete=complete, help="one kind, with all that it takes")
    form = added.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print a page of Markdown")


def _run(command: Command) -> Command:
    return command.argument("run", metavar="RUN", complete=completers.runs, help="a run, or how its id begins")


def _record(command: Command) -> Command:
    return command.argument(
        "record", metavar="RUN|FILE", complete=completers.records, help="a run, a run's folder, or a journal file"
    )


def _item(command: Command) -> Command:
    return command.argument("item", metavar="ITEM", complete=completers.items, help="the id of an item")


def _because(command: Command, *, required: bool) -> Command:
    return command.argument("--because", metavar="TEXT", default="", required=required, help="the reason")


def _type_name(command: Command, meaning: str) -> Command:
    return command.argument("--type-name", metavar="NAME", default="", help=meaning)


def _evidence(command: Command) -> Command:
    command.argument("--evidence", metavar="TEXT", action="append", default=[], help="text that backs it")
    command.argument("--link", metavar="URL", action="append", default=[], help="a link that backs it")
    return command.argument(
        "--file",
        metavar="PATH",
        action="append",
        default=[],
        help="a file that backs it: size and SHA-256 are recorded",
    )


def _notify(command: Command) -> Command:
    how = "how the terminal tells of news: bell, osc9 (a desktop notification), both, none; else COCKPIT_NOTIFY says"
    return command.argument("--notify", metavar="WAYS", help=how)


def _plain(command: Command) -> Command:
    command.argument("--theme", choices=words.THEMES, default="", help="how the screen is drawn; %% turns and keeps it")
    return command.argument("--plain", action="store_true", help="line by line, without a screen")


def _json(command: Command) -> Command:
    return command.argument("--json", action="store_true", help="print JSON")


def _first_line(command: Command) -> str:
    return (command.description or "").partition("\n")[0]


def _version() -> str:
    from cockpit import __version__

    return f"cockpit {__version__}"
