"""The proof: every promise that Cockpit makes about records, steps, people and foreign text, tried hard, with a figure.

One file for each promise. `python -m tests.prove` (`make prove`) tries them all at full length and prints a table;
`test_promises.py` tries each for a short time with the other tests. Every harness also shows that it bites: with the
guard taken out that the promise rests on, it must find something.
"""
