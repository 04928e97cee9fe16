"""The front end of every voice: what is written becomes what is said. Text in, text out."""
