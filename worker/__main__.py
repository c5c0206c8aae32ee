"""The worker from a shell: `python -m worker --help`. Settings come from the environment."""

from __future__ import annotations

from worker.command.main import main

if __name__ == "__main__":
    main()
