"""The settings of a deployment: their model, sources, validation and values in force.

The numbers of the domain are in `streams/config`.
"""
