"""How people are told: through a library, in a process of its own that is ended when its time is up."""
