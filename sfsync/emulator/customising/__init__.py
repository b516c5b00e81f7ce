"""Custom fields and objects, as the Tooling and the Metadata API make them [facts: api 10]."""
