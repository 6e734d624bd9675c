"""The report as one self-contained HTML page: its queries, plots and template."""
