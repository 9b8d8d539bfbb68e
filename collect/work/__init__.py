"""Who is asked what, and what they answered: honest assignment and exact recording, on either engine."""
