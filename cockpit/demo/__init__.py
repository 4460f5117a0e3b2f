"""Something to practise on: the sandbox stack of `cockpit demo`."""
