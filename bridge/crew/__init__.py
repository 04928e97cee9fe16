"""Several processes that hold calls, for several processor cores: docs/adr/0011."""
