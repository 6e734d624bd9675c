"""Every file that is made, with what it holds."""

from pathlib import Path

from deploy.helm.chart_files.commented import values
from deploy.helm.chart_files.schema import schema
from deploy.helm.chart_files.table import written

DEPLOY = Path(__file__).parents[2]
CHART = DEPLOY / "helm" / "tenor"
# Helm packs a chart's own folder alone.
COPIES = ("prometheus/tenor-rules.yaml", "grafana/operation.json", "grafana/conversations.json")


def made() -> dict[Path, str]:
    """By path."""
    found = values(text(CHART / "values.yaml"))
    copies = {CHART / "files" / Path(name).name: text(DEPLOY / name) for name in COPIES}
    readme = CHART / "README.md"
    return {CHART / "values.schema.json": schema(found), readme: written(text(readme), found), **copies}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
