"""Rendering prompts ahead of calls, hearing them before anybody is called, and looking at their cache."""
