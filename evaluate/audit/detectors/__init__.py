"""The detectors beside the affinity model: each a pure function from a table of votes to findings."""
