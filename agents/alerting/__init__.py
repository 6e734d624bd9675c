"""Delivery of alerts to teams: routes, dispatch, receipts and commands.

Which events raise an alert is decided in `streams/alerts`.
"""
