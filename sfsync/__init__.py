"""sfsync: the step from a won Salesforce Opportunity to a right Order, exactly once."""

__version__ = "0.1.0"
