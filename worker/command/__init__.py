"""The worker from a shell. `main`: the commands as typed; `say`, `job`, `voices`, `doctor`: what
each does; `places`: where sounds may go; `show`: what people see. Only the command line takes files
of this machine as voices."""
