"""What changes things: the kinds of action, and the runner whose children outlive the engine."""
