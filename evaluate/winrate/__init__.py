"""Win rates that rest on people, though most comparisons have a judge's word alone."""
