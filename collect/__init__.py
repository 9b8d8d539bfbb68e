"""Collect preferences: import them, ask people, export them."""
