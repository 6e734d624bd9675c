"""Delivery of alerts to people: routes, dispatch, receipts and commands.

Which alerts there are is decided in `streams/alerts`.
"""
