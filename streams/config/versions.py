"""TODO."""

# Part of config_version: raise it with every change of a weight, pattern or threshold in this folder.
VERSION = 4
