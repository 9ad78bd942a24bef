"""MITRE ATT&CK technique ids of a command's facts, for auditors and SIEM."""

from __future__ import annotations

from bastion.core.shell.facts import Command

_PROGRAMS = {
    "T1485": "shred wipe srm wipefs mkfs mkfs.ext4 mkfs.xfs blkdiscard",
    "T1070.004": "rm unlink rmdir",
    "T1059.004": "sh bash dash ash zsh ksh mksh",
    "T1059.006": "python python2 python3",
    "T1059": "perl ruby node php lua tclsh",
    "T1105": "curl wget scp sftp rsync ftp tftp",
    "T1095": "nc ncat netcat socat",
    "T1548.003": "sudo doas su runuser pkexec",
    "T1611": "nsenter unshare chroot",
    "T1053.003": "crontab at batch",
    "T1543.002": "systemctl service systemd-run",
    "T1046": "nmap masscan",
    "T1040": "tcpdump tshark",
    "T1489": "kill killall pkill",
    "T1529": "shutdown reboot halt poweroff init",
    "T1222.002": "chmod chown chgrp setfacl",
    "T1136.001": "useradd adduser",
    "T1098": "passwd chpasswd usermod gpasswd",
    "T1609": "kubectl crictl docker",
    "T1574.006": "ld-linux-x86-64.so.2 ld.so",
    "T1021.004": "ssh",
    "T1057": "ps top pgrep",
    "T1082": "uname lscpu free vmstat",
    "T1083": "ls find tree locate",
    "T1049": "ss netstat lsof",
    "T1033": "id whoami who w",
}
_BY_PROGRAM = {name: technique for technique, names in _PROGRAMS.items() for name in names.split()}
_BY_PATH = {"/etc/shadow": "T1003.008", "/etc/passwd": "T1087.001", "/etc/sudoers": "T1548.003"}
_BY_PREFIX = {
    "/run/secrets/": "T1552.007",
    "/etc/cron": "T1053.003",
    "/root/.ssh": "T1552.004",
    "/proc/": "T1057",
}


def techniques(command: Command) -> tuple[str, ...]:
    """The ids that a command's program and paths suggest; they inform, they decide nothing."""
    found = [_BY_PROGRAM[command.program]] if command.program in _BY_PROGRAM else []
    for access in command.accesses:
        for path in access.paths:
            if path in _BY_PATH:
                found.append(_BY_PATH[path])
            found += [technique for prefix, technique in _BY_PREFIX.items() if path.startswith(prefix)]
    return tuple(dict.fromkeys(found))
