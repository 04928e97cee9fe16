"""`python -m bridge` is `hatif`."""

from bridge.cli import main

if __name__ == "__main__":
    main()
