"""The commands by which people say something on a run."""

from __future__ import annotations

from cockpit.cli import completers, words
from cockpit.cli.arguments.shared import because, evidence, item, run
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    confirm = cockpit.command(
        "confirm",
        "say:confirm",
        "Say what you saw on an item.",
        "cockpit confirm 20261201-2130-2.4.0 backup-tested 'restored on 12 May in 41 minutes' --link https://wiki.example/restore",
    )
    item(run(confirm)).argument("value", metavar="VALUE", help="the value that you saw")
    evidence(confirm.argument("--note", metavar="TEXT", default="", help="a remark on it"))

    waive = cockpit.command(
        "waive",
        "say:waive",
        "Accept an item undone or failing.",
        "cockpit waive 20261201-2130-2.4.0 load-test --because 'same hardware as last month' --until 3d",
    )
    because(item(run(waive)), required=True)
    waive.argument(
        "--until", metavar="WHEN", type=words.moment, help="a time (2026-12-01T18:00) or from now (45m, 2h, 3d)"
    )
    rule_out = cockpit.command(
        "rule-out",
        "say:rule_out",
        "Say that an item, or all under a heading, is not applicable.",
        "cockpit rule-out 20261201-2130-2.4.0 redis-ssl --because 'no Redis in this installation'",
    )
    because(item(run(rule_out)), required=False)
    take_back = cockpit.command(
        "take-back",
        "say:take_back",
        "Take back what was said last on an item. Nothing is erased.",
        "cockpit take-back 20261201-2130-2.4.0 backup-tested --because 'that was the old server'",
    )
    because(item(run(take_back)), required=False)
    note = cockpit.command(
        "note",
        "say:note",
        "Leave a remark, on the run or on an item.",
        "cockpit note 20261201-2130-2.4.0 'the network team is on the bridge' --item dns-records",
    )
    run(note).argument("text", metavar="TEXT", help="the remark")
    note.argument("--item", metavar="ITEM", default="", complete=completers.items, help="the item that it is about")
    evidence(note)

    hold = cockpit.command(
        "hold",
        "say:hold",
        "Stop the run where it stands.",
        "cockpit hold 20261201-2130-2.4.0 --because 'database is slow'",
    )
    because(run(hold), required=True)
    release = cockpit.command(
        "release", "say:release", "End the hold.", "cockpit release 20261201-2130-2.4.0 --because 'fixed'"
    )
    because(run(release), required=False)
    sign = cockpit.command(
        "sign",
        "say:sign",
        "Sign with an SSH key how far the journal has got, so that cutting or rewriting it shows.",
        "cockpit sign 20261201-2130-2.4.0 --key ~/.ssh/id_ed25519",
        more="Plain OpenSSH checks it: ssh-keygen -Y verify -n cockpit-journal.",
    )
    run(sign).argument(
        "--key", metavar="FILE", default="~/.ssh/id_ed25519", help="a private key, or a public one whose agent signs"
    )
    close = cockpit.command(
        "close", "say:close", "End the run with the verdict that it has.", "cockpit close 20261201-2130-2.4.0"
    )
    because(run(close), required=False)
