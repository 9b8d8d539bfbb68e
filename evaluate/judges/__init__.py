"""Judges against people: how well they agree, where, and at what confidence their labels may enter a mix."""
