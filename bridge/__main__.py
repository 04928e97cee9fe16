"""`python -m bridge` is `hatif`."""

from bridge.collecting import uncollected

__all__ = ["main"]


def main() -> None:
    """Read the program, and run the command."""
    with uncollected():
        from bridge.cli import main as run  # noqa: PLC0415 - most of what is made in reading it stays
    run()


if __name__ == "__main__":
    main()
