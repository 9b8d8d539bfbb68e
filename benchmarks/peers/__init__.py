"""Other tools, driven as ours is, to compare with."""
