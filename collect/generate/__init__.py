"""Responses from models, and comparisons of them: `firsthand collect generate CONFIG`."""
