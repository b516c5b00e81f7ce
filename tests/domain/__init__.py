"""The business, tested alone."""
