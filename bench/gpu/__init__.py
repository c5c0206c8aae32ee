"""The engine on a GPU: see `bench.gpu.__main__`."""
