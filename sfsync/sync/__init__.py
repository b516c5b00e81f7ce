"""One file, one arrow between the org and the mirror; cycle.py runs them in order."""
