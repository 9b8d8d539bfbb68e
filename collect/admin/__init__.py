"""The admin page: how good the raters' work is, how far it has come, and what to do about it."""
