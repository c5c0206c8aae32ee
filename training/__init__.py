"""The recipe of the demo checkpoint: a synthetic speaker, its corpus, and the training of a DiT."""
