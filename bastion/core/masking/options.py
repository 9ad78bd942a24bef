"""Detectors of passwords given as options of programs, as `ps`, `set -x` and histories show them."""

from __future__ import annotations

from bastion.core.masking.detector import Detector
from bastion.core.masking.validators import no_metavariable

_LONG = (
    "password", "pass", "passwd", "token", "secret", "api-key", "apikey", "client-secret", "passphrase",
    "requirepass", "auth-token", "secret-key", "access-token", "bearer-token", "oauth2-bearer",
    "secret-access-key", "access-key", "private-key", "http-password", "db-password", "root-password",
    "admin-password", "docker-password", "key-password", "storepass", "keypass", "registration-token",
    "vault-password", "proxy-password", "authkey", "account-key", "sas-token",
)  # fmt: skip
_WORD = rb"[^\s\"'`<>{}()\-|&;\\][^\s\"'`|&;]*"
_GAP = rb"[ \t]{1,3}"


def _values(lead: bytes) -> tuple[bytes, ...]:
    """The value as a word and in quotes, after `lead`."""
    return (
        lead + b"(" + _WORD + b")",
        lead + rb"[\"]([^\s\"<{\\]\q*)",
        lead + rb"[']([^\s'<{][^'\r\n]*)",
        lead + rb"\\[\"]([^\s\"<{\\][^\"\\\r\n]*)",
    )


def _after(words: int, lead: bytes) -> tuple[bytes, ...]:
    """`lead` after none to `words` words, and what it leads to."""
    return tuple(
        rb"[^\s]{1,128}[ \t]{1,3}" * count + one for count in range(words + 1) for one in _values(lead)
    )


OPTIONS: tuple[Detector, ...] = (
    Detector(
        id="option",
        title="A value given to an option such as --password, -storepass or to requirepass",
        anchors=(*(f"-{name}".encode() for name in _LONG), b"requirepass", b"masterauth", b"vault login"),
        patterns=_values(_GAP),
        judge=no_metavariable,
        before=b"A-Za-z0-9_",
        cased=False,
        learn=True,
        positive=(
            b"mysql --password s3cr3t-9",
            b"tool --token abc123def",
            b"keytool -storepass 'pa55 word'",
            b"requirepass foobared",
            b'--password "two words"',
        ),
        negative=(
            b"tool --password --user x",
            b"--password $PW",
            b"--password <value>",
            b"--password-stdin",
            b"the access-token expired",
            b"--token ${T}",
        ),
    ),
    Detector(
        id="userinfo-option",
        title="The password of curl -u user:password and its relatives",
        anchors=(b" -u", b" --user", b" -U", b" --proxy-user"),
        patterns=(
            rb"[ =]{0,3}[^\s:\"'`$/@|&;\d\-][^\s:\"'`$/@|&;]{0,63}:([^\s\"'`|&;:/\\<{][^\s\"'`|&;]*)",
            rb"[ =]{0,3}[\"][^\s:\"`$/][^:\"`$/]{0,63}:([^\s\"<{\\]\q*)",
            rb"[ =]{0,3}['][^\s:'/][^:'/]{0,63}:([^\s'<{][^'\r\n]*)",
        ),
        judge=no_metavariable,
        learn=True,
        positive=(
            b"curl -u admin:s3cr3t http://x",
            b"curl --user bob:p4ss/w:rd x",
            b"curl -ubob:p4ssw0rd x",
            b"curl -u 'bob:two words' x",
            b"curl --proxy-user=bob:p4ssw0rd x",
        ),
        negative=(
            b"sudo -u root ls",
            b"curl -u admin http://x",
            b"chown -u a:",
            b"docker run -u 1000:1000 x",
            b"curl -u $U:$P x",
            b"diff -u https://a",
        ),
    ),
    Detector(
        id="login-option",
        title="docker login -p VALUE, and its relatives",
        anchors=tuple(
            f"{tool} login ".encode()
            for tool in ("docker", "podman", "buildah", "skopeo", "nerdctl", "registry", "oc", "az",
                "acr", "oras",
                         "auth", "cf", "ibmcloud", "regctl")
        ),
        patterns=_after(4, rb"-p[ =]{0,3}"),
        judge=no_metavariable,
        cased=False,
        learn=True,
        positive=(b"docker login -p hunter22 reg.io", b"podman login reg.io -u bob -p hunter2-x",
                  b'docker login -u bob -p "two words"'),
        negative=(b"docker login -p $PW", b"docker login --password-stdin", b"oc login -u bob https://x"),
    ),
    Detector(
        id="client-option",
        title="A password as a short option: sshpass -p, mysql -pVALUE, redis-cli -a, ldapsearch -w, …",
        anchors=(
            b"sshpass ", b"mysql ", b"mysqldump ", b"mysqladmin ", b"mysqlimport ", b"mysqlcheck ",
            b"mariadb ",
            b"mariadb-dump ", b"mariadb-admin ", b"mysqlsh ",
        ),
        patterns=_after(5, rb"-p"),
        judge=no_metavariable,
        learn=True,
        positive=(b"mysql -uroot -pS3cret db", b"mysqldump -h db -u root -p'two words' app",
            b"sshpass -phunter2 ssh x"),
        negative=(b"mysql -u root -p app", b"mysql -P 3306", b"mysqldump -p --all"),
    ),
    Detector(
        id="client-option-word",
        title="The same where a blank stands before the value: redis-cli -a, ldapsearch -w, sqlcmd -P, …",
        anchors=(
            b"redis-cli ", b"ldapsearch ", b"ldapmodify ", b"ldapadd ", b"ldapdelete ", b"ldappasswd ",
            b"ldapwhoami ",
            b"sqlcmd ", b"bcp ", b"unzip ", b"zip ", b"ipmitool ", b"smbmap ", b"tsql ",
        ),
        patterns=_after(5, rb"-[awPW][ \t]{1,3}"),
        judge=no_metavariable,
        before=b"A-Za-z0-9",
        learn=True,
        positive=(
            b"redis-cli -h c -a hunter2-x ping",
            b"ldapsearch -x -D cn=a -w hunter2-x",
            b"sqlcmd -S db -U sa -P 'two words'",
        ),
        negative=(b"redis-cli -p 6379 get x", b"ldapsearch -w $PW", b"zip -r a.zip b"),
    ),
    Detector(
        id="client-option-p",
        title="The same of programs whose -p is a password: sshpass, mongosh, cqlsh",
        anchors=(b"sshpass ", b"mongosh ", b"mongo ", b"mongodump ", b"mongorestore ", b"cqlsh ", b"influx ",
                 b"rabbitmqadmin ", b"psexec "),
        patterns=_after(5, rb"-p[ \t]{1,3}"),
        judge=no_metavariable,
        before=b"A-Za-z0-9",
        learn=True,
        positive=(b"sshpass -p 'pa55word' ssh", b"mongosh -u root -p hunter2-x",
            b"cqlsh -u a -p hunter2-x db"),
        negative=(b"mongosh --host x", b"sshpass -p $PW ssh", b"mongosh -u root -p"),
    ),
    Detector(
        id="pass-argument",
        title="openssl -passin pass:VALUE",
        anchors=(b" pass:", b"=pass:", b"'pass:", b'"pass:'),
        patterns=(rb"(" + _WORD + b")", rb"[\"']([^\s\"'<{$][^\"'\r\n]*)"),
        judge=no_metavariable,
        learn=True,
        positive=(b"openssl rsa -passin pass:hunter2-x -in k", b"-passout=pass:hunter2-x"),
        negative=(b"tests pass: 12", b"-passin env:PW", b"-passin pass:$PW"),
    ),
)  # fmt: skip
