"""What happened: the kinds of event, and the append-only file that holds them."""
