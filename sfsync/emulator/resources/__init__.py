"""The REST resources, one file per family."""
