"""Side-by-side measurements; `make bench` runs them all, `python -m bench NAME` one."""
