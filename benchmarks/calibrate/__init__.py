"""Whether the audit keeps its promises: false alarms, power and coverage on worlds with a known answer."""
