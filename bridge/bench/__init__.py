"""`hatif bench`: many callers at once, light enough that their own cost does not hide the server's."""
