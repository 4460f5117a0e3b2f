"""The sample system in Docker: what `cockpit demo --docker` practises on, and what the shipped checklist is proven on.

A trading bot as a user would have it, whose source is beside this in `docker/`. `start` brings it up, `system` is one
that is up, `images` makes its images without a registry, `needs` says first what is lacking, `labels` finds what is of
a demo on a daemon and removes it, and `keeper` is the process that does so when the run has ended.
"""
