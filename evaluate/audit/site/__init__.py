"""The Audit page of the rating site, for auditors and admins."""
