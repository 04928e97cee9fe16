"""What `hatif models` does with recognition models: list, verify, fetch and measure them."""
