"""Variables that change what a later word means or what a program does with its arguments."""

from __future__ import annotations

import re

from bastion.core.shell.facts import Assignment, Command

_SHELL = re.compile(
    r"PATH|IFS|CDPATH|HOME|ENV|BASH_\w+|BASHOPTS|SHELLOPTS|SHELL|PS[0-4]|PROMPT_COMMAND|GLOBIGNORE|EXECIGNORE"
    r"|FCEDIT|HISTFILE|HISTCONTROL|HISTIGNORE|HISTSIZE|HISTFILESIZE|INPUTRC|MAIL|MAILPATH|MAILCHECK|OPTIND"
    r"|RANDOM|SECONDS|LINENO|PWD|OLDPWD|UID|EUID|PPID|POSIXLY_CORRECT|TMOUT|FPATH|fpath|path|precmd\w*"
    r"|preexec\w*|chpwd\w*|ZDOTDIR|READNULLCMD|NULLCMD|KSH_\w+|FUNCNAME|DIRSTACK|PIPESTATUS|GROUPS|module_path"
)
_PROGRAM = re.compile(
    r"LD_\w+|DYLD_\w+|GCONV_PATH|NLSPATH|LOCPATH|GLIBC_TUNABLES|MALLOC_\w+|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS"
    r"|RESOLV_\w+|NIS_PATH|TMPDIR|TEMP|TMP|GETCONF_DIR|PYTHON\w*|PERL\w*|RUBY\w*|NODE_\w+|NPM_\w+|npm_\w+|LUA_\w+"
    r"|PHP\w*|JAVA_\w+|_JAVA\w*|JDK_\w+|CLASSPATH|MAVEN_\w+|GRADLE_\w+|GIT_\w+|SVN_\w+|HG\w+|LESS\w*|MORE|PAGER"
    r"|\w+PAGER|EDITOR|\w+EDITOR|VISUAL|BROWSER|SSH_\w+|OPENSSL_\w+|SSL\w+|CURL_\w+|WGETRC|TAR_\w+|RSYNC_\w+"
    r"|GREP_\w+|RIPGREP_\w+|FZF_\w+|XZ_\w+|GZIP|BZIP\w*|ZSTD_\w+|KUBE\w+|DOCKER_\w+|CONTAINER_\w+|HELM_\w+|PG\w+"
    r"|PSQL\w*|MYSQL_\w+|REDISCLI_\w+|AWS_\w+|GOOGLE_\w+|AZURE_\w+|VAULT_\w+|\w*_PROXY|\w*_proxy|TERMINFO\w*"
    r"|TERMCAP|XDG_\w+|DBUS_\w+|SUDO_\w+|\w*_OPTIONS|\w*_OPTS|\w*OPTS|\w*PATH|\w*_HOME|\w*RC|\w*_CONFIG\w*|\w*_COMMAND"
    r"|\w*_CMD|MAKE\w*|CC|CXX|AR|CFLAGS|LDFLAGS|RUST\w*|CARGO_\w+|GO[A-Z]+|AWKPATH|AWKLIBPATH|MANPATH|GNUPGHOME"
)
_HARMLESS = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|NO_COLOR|COLUMNS|LINES|TZ|CLICOLOR")
_LOCALE_VALUE = re.compile(r"[A-Za-z0-9_.@:+,-]{0,64}|[A-Za-z_]+(?:/[A-Za-z_+-]+){1,2}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def hazard(name: str, value: str | None, *, exported: bool) -> str:
    """Why an assignment changes what commands mean, or "" where it does not."""
    if not _IDENTIFIER.fullmatch(name):
        return f"{name[:40]!r} is not a variable name"
    if _SHELL.fullmatch(name) or name.startswith(("LD_", "DYLD_", "BASH_FUNC")):
        return f"{name} changes what later commands mean"
    if _HARMLESS.fullmatch(name):
        if exported and (value is None or not _LOCALE_VALUE.fullmatch(value)):
            return f"{name} has a value that is no locale, terminal, zone or number"
        return ""
    if exported and _PROGRAM.fullmatch(name):
        return f"{name} changes what programs do"
    return ""


def assignment(name: str, value: str) -> Command:
    """The facts of a variable that the client sends with its request.

    `never` is set for a name that no policy can allow (LD_*, PATH, IFS, BASH_ENV, ENV, PS4, …) and
    for a value with control characters.
    """
    why = hazard(name, value, exported=True)
    if _CONTROL.search(value):
        why = why or f"{name[:40]} has a control character in its value"
    return Command(
        program=":",
        assignments=(Assignment(name, value, exported=True),),
        understood=not why,
        reasons=(why,) if why else (),
        implied=True,
        never=why,
        attack=("T1574.006",)
        if name.startswith(("LD_", "DYLD_"))
        else ("T1574.007",)
        if name == "PATH"
        else (),
    )
