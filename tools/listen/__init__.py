"""What a listener hears of the demo, before and after the worker's own text, lengths and joins.

    python -m tools.listen --write

`cases`: what is said. `measure`: how much of it is heard. `__main__`: the tables.
"""
