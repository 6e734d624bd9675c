"""Write it."""

from deploy.helm.chart_files.made import made

for path, text in made().items():
    path.write_text(text, encoding="utf-8")
