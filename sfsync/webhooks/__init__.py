"""Handing events to other systems over HTTP: signed, bounded in time, and only to where they may go."""
