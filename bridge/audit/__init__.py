"""Who did what, and when: rows that name the row before them by its hash, so that a change shows."""
