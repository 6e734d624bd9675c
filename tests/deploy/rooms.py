"""Root file systems to build and run in without Docker: Debian by debootstrap, processes by unshare. Needs root."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
# What a build on this machine needs to reach its package servers; the same that Docker or its daemon would be told.
LENT = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
# As in Debian's slim images.
LEFT_OUT = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
HARDENED = ("--reuid=10001", "--regid=10001", "--clear-groups", "--no-new-privs", "--bounding-set=-all")
MOUNTS = "mount -t proc proc {root}/proc; mount --rbind /dev {root}/dev"


def debian(suite: str, cache: Path) -> Path:
    """A smallest Debian, made once: what Debian's own slim images are made from."""
    root = cache / f"debian-{suite}"
    if not (root / "made").exists():
        shutil.rmtree(root, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", suite, str(root), MIRROR]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for left_out in LEFT_OUT:
            shutil.rmtree(root / left_out, ignore_errors=True)
        (root / "made").touch()
    return root


def copy(source: Path, target: Path) -> None:
    """A whole root, or a folder of one, with owners and links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", "--no-target-directory", source, target], check=True)


def build(root: Path, command: str, folder: str, variables: Mapping[str, str], log: Path) -> None:
    """RUN: a shell's command as root, what it writes stays."""
    lent = [place for place in LENT if Path(place).is_file()]
    for place in lent:
        (root / place[1:]).parent.mkdir(parents=True, exist_ok=True)
        (root / place[1:]).touch()
    binds = [f"mount --bind {place} {root}{place}" for place in lent]
    inside = ["chroot", str(root), "env", "-i", *given(variables), "sh", "-ec", f"cd {folder}; {command}"]
    script = "; ".join(["set -e", MOUNTS.format(root=root), *binds, f"exec {shlex.join(inside)}"])
    with log.open("ab") as told:
        done = subprocess.run(unshared(script), stdout=told, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f"{command}\n{log.read_text(errors='replace')[-2000:]}"


def ready_made(root: Path, command: Sequence[str], variables: Mapping[str, str], data: Path) -> list[str]:
    """What runs a command as the image does: read-only, unprivileged, with no capability, ``data`` its only disk."""
    inside = ["chroot", str(root), "setpriv", *HARDENED, "env", "-i", *given(variables), "sh", "-c"]
    inside += ['cd /var/lib/tenor && exec "$@"', "sh", *command]
    steps = [
        "set -e",
        f"mount --bind {root} {root}",
        f"mount -o remount,ro,bind {root}",
        MOUNTS.format(root=root),
        f"mount -t tmpfs -o mode=1777 tmpfs {root}/tmp",
        f"mount --bind {data} {root}/var/lib/tenor",
        f"exec {shlex.join(inside)}",
    ]
    return unshared("; ".join(steps))


def given(variables: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in variables.items()]


def unshared(script: str) -> list[str]:
    """A script in namespaces of its own, whose processes end with it."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]
