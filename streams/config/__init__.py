"""Every number of the domain with its range, and the versions that enter `config_version`.

Settings of a deployment are in `agents/settings`.
"""
