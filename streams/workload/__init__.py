"""Workload of teams: who had which conversation, and figures of groups, never of a person.

Nothing here decides about customers.
"""
