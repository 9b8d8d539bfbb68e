"""Preferences of people and of models, from collection to a trained, audited model."""

__version__ = "0.1.0"
__all__ = ["__version__"]
