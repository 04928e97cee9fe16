"""Privacy: what is kept of people, how it is encrypted, for how long it is kept, and how it is forgotten."""
