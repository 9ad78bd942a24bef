"""A container's root file system: a folder of its own, over the host's programs read-only."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Mount = tuple[str, str, bool]
"""(source on the host, absolute place in the container, writable)."""

_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share")
_FOLDERS = ("app", "data", "dev", "etc", "home", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp")
_PAUSE = "usr/bin/sleep"

_ETC = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
        "app:x:1000:1000:app:/home/app:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\napp:x:1000:\nnogroup:x:65534:\n",
    "etc/resolv.conf": "search svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/os-release": 'NAME="Demo Linux"\nID=demo\nVERSION_ID="1"\nPRETTY_NAME="Demo Linux 1"\n',
    "etc/profile": "PS1='\\h:\\w\\$ '\n",
    "root/.bashrc": "PS1='\\u@\\h:\\w\\$ '\n",
    "etc/app.conf": "listen = 0.0.0.0:8080\nworkers = 4\nlog = /var/log/app/app.log\n",
}


@dataclass(frozen=True, slots=True)
class Image:
    """What a container is made from. `files` are paths without the leading slash.

    `shell` false gives a distroless image: the C library and one program that sleeps.
    """

    files: Mapping[str, str]
    shell: bool = True


def build(root: Path, image: Image, hostname: str, places: list[str], owner: int | None) -> list[Mount]:
    """Lay the root file system out below `root`; returns the host's layers to mount over it.

    `places` are the mount points that volumes need. With `owner`, every entry is given to that
    host id, which is the pod's root. Raises OSError.
    """
    root.mkdir(parents=True)
    for folder in (*_FOLDERS, "etc/alternatives", "home/app", "usr/local/bin", "usr/local/lib", "var/tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("tmp", "var/tmp"):
        (root / folder).chmod(0o1777)
    texts = {**_ETC, "etc/hostname": hostname + "\n", "etc/hosts": _hosts(hostname), **image.files}
    for path, text in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755 if text.startswith("#!") else 0o644)
    if image.shell:
        _copy_alternatives(root / "etc/alternatives")
    layers = _layers(root, shell=image.shell)
    for place in places:
        (root / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
    if owner is not None:
        give(root, owner)
    return layers


def _hosts(hostname: str) -> str:
    return f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.1.1\t{hostname}\n"


def _copy_alternatives(folder: Path) -> None:
    """Debian's /usr/bin/vi and friends are links through /etc/alternatives."""
    source = Path("/etc/alternatives")
    for link in source.iterdir() if source.is_dir() else ():
        if link.is_symlink() and link.readlink().is_relative_to("/usr/bin"):
            (folder / link.name).symlink_to(link.readlink())


def _layers(root: Path, *, shell: bool) -> list[Mount]:
    mounts: list[Mount] = []
    for name in _MERGED:
        host = Path("/", name)
        if host.is_symlink():
            (root / name).symlink_to(host.readlink())
        elif host.is_dir() and (shell or name.startswith("lib")):
            _layer(mounts, root, host)
    for name in _USR:
        host = Path("/usr", name)
        if host.is_dir() and not host.is_symlink() and (shell or name.startswith("lib")):
            _layer(mounts, root, host)
    if Path("/etc/ld.so.cache").is_file():
        shutil.copy("/etc/ld.so.cache", root / "etc/ld.so.cache")
    if not shell:
        (root / _PAUSE).parent.mkdir(parents=True, exist_ok=True)
        (root / _PAUSE).touch()
        mounts.append((str(Path("/", _PAUSE).resolve()), "/" + _PAUSE, False))
    return mounts


def _layer(mounts: list[Mount], root: Path, host: Path) -> None:
    place = root / str(host).lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    mounts.append((str(host), str(host), False))


def give(root: Path, owner: int) -> None:
    """Give `root` and everything below it to the host id `owner`, links themselves included."""
    os.chown(root, owner, owner, follow_symlinks=False)
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            os.chown(os.path.join(folder, name), owner, owner, follow_symlinks=False)  # noqa: PTH118 - os.walk gives text


def write_volume(folder: Path, values: Mapping[str, bytes], owner: int | None, stamp: str) -> None:
    """Write a Secret or projected volume as the kubelet does, replacing all values in one rename.

    `NAME` is a link to `..data/NAME`, and `..data` one to a dated folder. `stamp` makes its name
    new at each call.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dated = folder / f"..{stamp}"
    dated.mkdir()
    for name, value in values.items():
        (dated / name).write_bytes(value)
        (dated / name).chmod(0o644)
    current = folder / "..data"
    old = folder / current.readlink() if current.is_symlink() else None
    fresh = folder / "..data_tmp"
    fresh.symlink_to(dated.name)
    fresh.rename(current)
    for link in folder.iterdir():
        if link.is_symlink() and link.name != "..data" and link.name not in values:
            link.unlink()
    for name in values:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    if old is not None:
        shutil.rmtree(old)
    if owner is not None:
        give(folder, owner)


def remove(root: Path) -> None:
    """Remove what a pod left behind, folders that it closed to their owner included."""

    def open_and_retry(function: Callable[..., object], path: str, _: object) -> None:
        for place in (Path(path).parent, Path(path)):
            if stat.S_ISDIR(place.lstat().st_mode):
                place.chmod(0o700)
        if function in {os.unlink, os.rmdir}:
            function(path)
        else:
            shutil.rmtree(path, ignore_errors=True)

    if root.exists():
        shutil.rmtree(root, onerror=open_and_retry)
