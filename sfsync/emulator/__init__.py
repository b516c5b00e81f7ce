"""A Salesforce org in a box: its own small world, imports nothing of sfsync."""
