"""What of the chart is made and not written: its schema, its table of values, its copies of rules and dashboards.

``make chart`` writes it; tests fail while what is committed is not what this makes.
"""
