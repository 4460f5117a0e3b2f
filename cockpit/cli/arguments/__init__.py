"""Every command of the command line, by family: its words, its help and examples, what it takes."""
