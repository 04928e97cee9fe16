"""Stored answers as tables, lines and packages, call by call, in bounded memory."""
