"""One module for each interchange format."""
