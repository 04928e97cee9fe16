"""XLSForm, the workbooks of ODK and Kobo: read, and written as drafts in our own format."""
