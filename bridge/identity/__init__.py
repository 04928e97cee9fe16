"""Who asks, and what they may: principals and scopes. Knows nothing of HTTP."""
