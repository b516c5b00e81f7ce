"""Settings, and the documents made from them."""
