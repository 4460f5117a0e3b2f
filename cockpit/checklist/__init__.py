"""What should be true: the document, its file format, and everything that reads or explains it."""
