"""What an operator asks of the running daemon over HTTP. Every route begins with `require`."""
