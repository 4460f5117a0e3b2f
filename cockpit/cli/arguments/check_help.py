"""What `cockpit check --help` says below the first line."""

from __future__ import annotations

CHECK = """\
Results go to standard output, progress and the summary to standard error.
  table   for people: failures with request, condition, expected and found
  json    everything, versioned
  junit   for build servers: a suite for each section
  tap     TAP 14 with YAML diagnostics
  nagios  as a monitoring plugin: one line with performance data, then details;
          the exit status is then the plugin's: 0 OK, 1 WARNING, 2 CRITICAL (FAIL),
          3 UNKNOWN (something could not be measured, a wrong checklist)
With --watch, table is drawn again in place (without a terminal: a line for each
change of a result), json is an object a line for each change; the exit status
is that of the last state.
An item whose check changes something (`on_demand: true`: a backup is restored, an
alert fired) is measured when ITEM names it, and never otherwise.
Differences: whole numbers and texts count when they are not the same, times when
they grew by half or shrank by a third and by 100 ms, ages when they moved by other than
the time passed, other numbers when they moved by a tenth."""
