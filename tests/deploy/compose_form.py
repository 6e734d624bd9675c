"""Whether deploy/compose.yaml is a compose file, by the specification. Runs with the tools of ``make deploy-lint``."""

import re
from pathlib import Path

import compose_spec
import yaml

FILE = Path(__file__).parents[2] / "deploy" / "compose.yaml"

if __name__ == "__main__":
    told = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text(encoding="utf-8"))
    whole = yaml.safe_dump(yaml.safe_load(told))  # merge keys are YAML's
    names = compose_spec.PyCompose.from_yaml(whole).service_names()
    print(f"{FILE.name}: {len(names)} services, {', '.join(sorted(names))}")
