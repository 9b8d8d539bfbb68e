"""Who is rating: accounts, invitations, passwords, sessions, and the removal of a person's data."""
