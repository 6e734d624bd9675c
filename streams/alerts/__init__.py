"""Alerts: which records raise one, who is told when, and in which words. Delivery is in `agents/alerting`."""
