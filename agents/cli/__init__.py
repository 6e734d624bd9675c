"""The command `tenor`: arguments, help and output. What a command does is in the package it calls."""
