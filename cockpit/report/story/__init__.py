"""A run as others read it afterwards: told from its journal alone, and written as HTML, Markdown, JSON and JUnit."""
