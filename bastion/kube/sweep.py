"""The end of a remote command: a small POSIX script that finds its processes and ends them.

A lost exec stream does not end what runs in the pod (with v5 and a terminal never), so it is ended
by a second exec. Every process of a unit carries `BASTION_UNIT=<random id>` in its environment.
The script ends those processes, their descendants, and the members of a session that one of them
leads; nothing else, and never itself or PID 1. It needs only a shell; a `grep` that proves able to
search between NUL bytes makes it faster. A
program that both clears its environment and leaves its session and parents escapes it.
"""

from __future__ import annotations

import re

MARK = re.compile(r"BASTION_UNIT=([A-Za-z0-9_-]{16,64})")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
REPORT = re.compile(rb"left ([0-9]{1,6})\n")

SCRIPT = r"""
id=$1 mark="BASTION_UNIT=$1" known=' '
slurp() {
  text=
  while IFS= read -r line || [ -n "$line" ]; do text="$text $line"; done 2>/dev/null <"$1"
}
marked() {
  found=' '
  if BASTION_SWEEP=$1 grep -qszF "BASTION_SWEEP=$1" /proc/self/environ 2>/dev/null; then
    for file in $(grep -lszF "$mark" /proc/[0-9]*/environ 2>/dev/null); do
      file=${file#/proc/} found="$found${file%/environ} "
    done
  else
    for file in /proc/[0-9]*/environ; do
      slurp "$file"
      case $text in *"$mark"*) file=${file#/proc/} found="$found${file%/environ} ";; esac
    done
  fi
}
rows() {
  rows=
  for dir in /proc/[0-9]*; do
    slurp "$dir/stat"
    [ -n "$text" ] || continue
    set -- ${text##*') '}
    case $1 in [ZX]) continue;; esac
    [ $# -ge 20 ] && rows="$rows ${dir#/proc/}:$2:$4:${20}"
  done
}
look() {
  marked "$id"
  [ "$found$known" = '  ' ] && pids= && return
  rows
  leaders=$found pids= grown=1
  while [ -n "$grown" ]; do
    grown=
    for row in $rows; do
      pid=${row%%:*} rest=${row#*:}
      parent=${rest%%:*} rest=${rest#*:}
      session=${rest%%:*} start=${rest#*:}
      case " $pids " in *" $pid "*) continue;; esac
      case $pid in 1|$$) continue;; esac
      case $found in *" $pid "*|*" $parent "*) ;; *)
        case $known in *" $pid/$start "*) ;; *)
          case $leaders in *" $session "*) ;; *) continue;; esac;;
        esac;;
      esac
      pids="$pids $pid" found="$found$pid " known="$known$pid/$start " grown=1
    done
  done
}
round=0
while look; [ -n "$pids" ] && [ $round -lt 12 ]; do
  case $round in 0) name=HUP;; 1) name=TERM;; *) name=KILL;; esac
  for pid in $pids; do
    kill -$name $pid
    [ $name = KILL ] && kill -KILL -$pid || kill -CONT $pid
  done 2>/dev/null
  round=$((round + 1))
  sleep 0.2 2>/dev/null || { sleep 1; round=$((round + 3)); }
done
set -- $pids
echo "left $#"
"""


def mark_of(argv: tuple[str, ...]) -> str:
    """The id that `env BASTION_UNIT=… program …` gives to its processes; empty without one.

    Only the assignments before the program count: what follows is the user's.
    """
    if not argv or argv[0].rpartition("/")[2] != "env":
        return ""
    for word in argv[1:]:
        if found := MARK.fullmatch(word):
            return found[1]
        if not ASSIGNMENT.fullmatch(word):
            return ""
    return ""


def command(mark: str) -> tuple[str, ...]:
    """The argv that ends the unit of `mark` and prints how many processes are left."""
    return ("sh", "-c", SCRIPT, "bastion-sweep", mark)


def left(code: int, out: bytes) -> int:
    """How many processes the script could not end; -1 if it did not say."""
    found = REPORT.fullmatch(out)
    return int(found[1]) if code == 0 and found else -1
