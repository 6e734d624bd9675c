"""Workload of teams: who was assigned which conversation, and figures of groups, never of a person.

Nothing here changes a decision about a customer.
"""
