"""The report as one self-contained HTML page: queries, plots and template.

The report on a terminal is in `agents/reports`.
"""
