"""The settings of a deployment: their model, sources, validation and effective values.

The numbers of the domain are in `streams/config`.
"""
