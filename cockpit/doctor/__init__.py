"""What on this machine will hurt, and how to mend it: facts are gathered, then judged."""
