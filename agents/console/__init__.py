"""The console: a web page for team leads with the live board, conversations, alerts and experiments.

Sending alerts to mail, chat and pagers is in `agents/alerting`.
"""
