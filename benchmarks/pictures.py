"""How the pictures of all benchmarks look: the same data give the same bytes."""

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

__all__ = ["FAINT", "OTHER", "OURS", "STYLE", "plt"]

OURS, OTHER, FAINT = "#1f5fa8", "#d1661f", "#9a9a9a"
STYLE = {
    "svg.hashsalt": "tenor",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
}
