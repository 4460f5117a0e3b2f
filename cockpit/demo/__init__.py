"""Something to practise on: the sandbox stack of `cockpit demo`.

A small trading bot in two colours behind a router, as plain processes on loopback, with the standard library alone:

    trader ──> router ──> blue 1.4.2 ──┐
                     └──> green 1.5.0 ─┴──> one SQLite database

`stack` starts it and says where everything is, `supervisor` is the process that keeps it and ends all of it. `migrate`,
`restart` and `switch` are the programs by which it goes live and back. `headless` looks at it as a person would.
"""
