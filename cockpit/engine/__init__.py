"""What keeps it going: the process of a run, its command socket, and the client side of that socket."""
