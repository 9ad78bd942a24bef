"""The table of programs that start another one, and of interpreters. See `spec`.

`x` is where the words of the inner command begin; `c` is shell code; `@shell`: without an inner
command or code it opens a shell; `@env`: leading NAME=VALUE words are assignments.
"""

from __future__ import annotations

from bastion.core.shell.spec import Spec, read_table

_WRAPPERS = """
env: -i0v -u: -C:n --ignore-environment --unset: --chdir:n --null --debug --help --version -S:k
    --split-string:k / x @env @first
nohup, setsid, unbuffer, fakeroot, dumb-init, catchsegv, caffeinate, dbus-run-session: -cfwp --fork
    --wait --ctty / x @first
tini: -svgwh -p: -e: / x @first
nice: -n: --adjustment: -0123456789 / x @first
ionice: -t -c: -n: -p: --class: --classdata: --ignore / x @first
timeout: -s: -k: -v -f -p --signal: --kill-after: --preserve-status --foreground --verbose / dx @first
time: -pvaqV -o:w -f: --output:w --format: --append --verbose --portability / x @first
stdbuf: -i: -o: -e: --input: --output: --error: / x @first
chrt,schedtool: -fbriod -p: / dx @first
taskset: -c -p: --cpu-list / dx @first
numactl: -N: -m: -C: --cpunodebind: --membind: --interleave: / x @first
prlimit: * -p: --pid: / x @first
faketime: -fp / dx @first
gosu,su-exec,chpst,setuidgid: / dx @first @priv
setpriv: * --reuid: --regid: --groups: --bounding-set: / x @first @priv
sudo: -AbEHnPSkKBlvV -l -u: -g: -h: -p: -C: -r: -t: -U: -T: --user: --group: --non-interactive
    --preserve-env? --set-home --list --stdin -R:k -D:n -i! -s! -e! --login! --shell! --edit! / x @env
    @first @priv @list
doas: -nL -u: -C:k -s! / x @first @priv @shell
pkexec: --user: --disable-internal-agent --keep-cwd / x @first @priv @shell
runuser: -lmpPf -u: -g: -G: -c:c -s:k --user: --command:c --login / x @first @priv @shell
su: -lmpPf -g: -G: -c:c -s:k --command:c --login / d* @priv @shell
sg: -c:c / dc @priv
newgrp: / d @priv @shell
unshare: -rmuinpUCTfc -S: -G: -R:N -w:n --map-root-user --mount --uts --ipc --net --pid --user --cgroup
    --fork --mount-proc? --kill-child? --root:N / x @first @priv @shell
nsenter: -amuinpUCTFrw -t: -S: -G: --target: --all --mount? --uts? --ipc? --net? --pid? --user?
    --cgroup? --no-fork --root? --wd? / x @first @priv @shell
chroot: --userspec: --groups: --skip-chdir / Nx @first @priv @shell
bwrap, firejail, proot, systemd-nspawn, start-stop-daemon, daemonize, expect, parallel, run-parts,
    entr, inotifywait-run, lxc, lxc-attach, rlwrap, socat-exec, multitime, hyperfine: @opaque @code
strace,ltrace: -fFcCdhiknqrtTTTvVxyYzZ -ff -e: -o:w -p: -s: -u: -E: -a: -b: -P: -S: -O: -I: / x @first
watch: -bcdegtpw -n: -q: --interval: --differences? --no-title --color --beep --errexit --chgexit
    --precise / C* @first @watch
script: -aefq -t? -c:c -O:w -B:w -I:w -T:w -o: --command:c --quiet --append --flush --return / w @shell
screen: -dmDrRxqLS -S: -t: -c:k -X: / x @first @code
tmux: @opaque @code
flock: -snxuoFv -w: -E: -c:c --shared --exclusive --nonblock --wait: --timeout: --command:c / nx
xargs: -0rtpxo -I: -i? -n: -P: -L: -l? -d: -a:r! -E: -e? -s: --null --no-run-if-empty --verbose
    --interactive --replace? --max-args: --max-procs: --max-lines? --delimiter: --arg-file:r! --eof?
    --max-chars: --exit --open-tty --show-limits / x @first @xargs
busybox,toybox: --help --list --list-full / x @first
command: -p -v^ -V^ / x @first @lookup
builtin: / x @first
exec: -c -l -a: / x @first @ends
coproc: / x @first
ld-linux-x86-64.so.2, ld-linux.so.2, ld-linux-aarch64.so.1, ld-musl-x86_64.so.1, ld-musl-aarch64.so.1,
    ld.so: --library-path:k --preload:k --audit:k --argv0: --list --verify --inhibit-cache / x @first
    @priv
mapfile,readarray: -t -d: -n: -O: -s: -u: -c:k -C:k / d*
trap: -lp / cd*
alias: -p / k*
unalias: -a / d*
enable: -anp -f:k -d:k -s / k*
fc: @opaque @state @code
complete,compgen,compopt,bind,logout,suspend,disown,fg,bg: * @opaque @state
"""

_INTERPRETERS = """
python,python2,python3: -V -VV --version -h --help -c:k -m:k / k* @stdin
perl: -v -V --version -h / k* @stdin @anyk
ruby: -v --version -h --help --copyright / k* @stdin @anyk
node,nodejs,deno: -v --version -h --help / k* @stdin @anyk
php: -v --version -i -m -h --help --ini / k* @stdin @anyk
lua, luajit, tclsh, wish, guile, racket, erl, iex, elixir, scala, groovy, clojure, R, Rscript, julia,
    octave, gnuplot, m4, dc, swift, ghci, irb, pry, ipython, jython,
    gdb, qemu, osascript, pwsh, xonsh, fish, tcsh, csh, rc, es, nu: --version / k* @stdin @anyk
"""

WRAPPERS: dict[str, Spec] = read_table(_WRAPPERS)
INTERPRETERS: dict[str, Spec] = read_table(_INTERPRETERS)
SHELLS: dict[str, str] = {
    "sh": "posix", "dash": "posix", "ash": "posix", "hush": "posix", "bash": "bash", "rbash": "bash",
    "zsh": "zsh", "ksh": "mksh", "mksh": "mksh", "lksh": "mksh", "ksh93": "mksh", "yash": "posix",
}  # fmt: skip
