"""Alerts: the rules that raise one, who is notified when, and the text of a message.

Sending is in `agents/alerting`.
"""
