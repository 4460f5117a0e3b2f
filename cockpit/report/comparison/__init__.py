"""Two runs side by side: a rehearsal and the launch, or the last release and this one."""
