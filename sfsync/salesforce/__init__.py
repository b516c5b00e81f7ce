"""The only place that knows simple-salesforce and requests."""
