r"""Detectors of context: a name or a scheme says that what follows is secret.

Nothing waits here but keywords: the value is masked from its first byte to its end, and learned, so
it stays masked later without its name.
"""

from __future__ import annotations

from bastion.core.masking.detector import Detector
from bastion.core.masking.validators import mixed, no_placeholder

_NAMES = (
    b"password", b"passwd", b"passphrase", b"passwort", b"pgpassword", b"mysql_pwd", b"secret",
    b"secret_key", b"secretkey", b"secret-key", b"client_secret", b"client-secret", b"clientsecret",
    b"secret_access_key", b"secretaccesskey", b"token", b"access_token", b"accesstoken", b"auth_token",
    b"authtoken", b"refresh_token", b"refreshtoken", b"session_token", b"api_key", b"api-key", b"apikey",
    b"apitoken", b"access_key", b"accesskey", b"account_key", b"accountkey", b"private_key", b"privatekey",
    b"encryption_key", b"signing_key", b"auth_key", b"authkey", b"credential", b"credentials", b"_authtoken",
    b"db_pass", b"dbpass", b"_pass", b"_pw", b"userpw", b"requirepass", b"masterauth", b"webhook_secret",
)  # fmt: skip
_FIRST = rb"[^\s\"'`$<>{}()\[\]|&;,\\]"
_NO_PATH = rb"[^\s\"'`$<>{}()\[\]|&;,\\/]"
_REST = rb"[^\s\"'`<>;,&|)}\]\\]*"
_SEP = rb"\\{0,2}[\"']?[ \t]{0,8}[:=]>?[ \t]{0,8}"
_URL_NAMES = (b"://",)
_PEM = (
    b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"DSA PRIVATE KEY", b"OPENSSH PRIVATE KEY",
    b"ENCRYPTED PRIVATE KEY", b"PGP PRIVATE KEY BLOCK", b"SSH2 ENCRYPTED PRIVATE KEY",
)  # fmt: skip

CONTEXTS: tuple[Detector, ...] = (
    Detector(
        id="pem",
        title="PEM private key, from BEGIN to END however it is indented, escaped or cut off",
        anchors=tuple(b"-----BEGIN " + kind + b"-----" for kind in _PEM),
        patterns=(rb"([A-Za-z0-9+/=\s\\\"',:.\-()|>]+)",),
        ends=b"-----END",
        positive=(
            b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----",
            b"-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAA\\n-----END",
        ),
        negative=(
            b"-----BEGIN PUBLIC KEY-----\nMIIBIjAN\n-----END PUBLIC KEY-----",
            b"-----BEGIN CERTIFICATE-----",
        ),
    ),
    Detector(
        id="jwt",
        title="JSON Web Token (RFC 7519)",
        anchors=(b"eyJ",),
        patterns=(rb"([\w\-]{8,800})(\.[\w\-]{8,})(\.?[\w\-]*)",),
        before=b"A-Za-z0-9",
        positive=(b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",),
        negative=(b"eyJ", b"eyJhbGciOiJIUzI1NiJ9 alone", b"keyJ.abc"),
    ),
    Detector(
        id="auth-header",
        title="Bearer, Basic and token credentials of an HTTP header (RFC 6750, RFC 7617)",
        anchors=(
            b"bearer ",
            b"basic ",
            b"authorization: token ",
            b"authorization: apikey ",
            b"x-api-key: ",
            b"x-auth-token: ",
            b"private-token: ",
            b"x-vault-token: ",
            b"x-amz-security-token: ",
        ),
        patterns=(rb" {0,3}([A-Za-z0-9_~+/.=\-]{16,})",),
        judge=mixed,
        before=b"A-Za-z0-9",
        cased=False,
        learn=True,
        positive=(
            b"Authorization: Bearer abcDEF123456ghijkl7890",
            b"authorization: basic dXNlcjpwYXNzd29yZC1vZi1taW5l",
            b"X-Api-Key: 0f1e2d3c4b5a69788796a5b4",
        ),
        negative=(b"bearer of bad news", b"Basic authentication-methods", b"basic usage"),
    ),
    Detector(
        id="dsn",
        title="Password in a URL (RFC 3986 userinfo)",
        anchors=_URL_NAMES,
        patterns=(rb"[^\s:/@\"'`<>?#]*:([^\s/@\"'`<>]{1,256})@",),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(
            b"postgres://app:S3cr3t-pw@db:5432/x",
            b"redis://:r3d1s-pw@cache/0",
            b"https://u:p4ss@host/",
        ),
        negative=(b"http://host:8080/path", b"https://user@host/", b"see http://[::1]:80/@x"),
    ),
    Detector(
        id="assignment",
        title="A value assigned to a name such as password or token (shell, YAML, JSON, INI, URL query)",
        anchors=_NAMES,
        patterns=(
            _SEP + b"(" + _FIRST + _REST + b")",
            _SEP + rb"\\{0,2}[\"]([^\s\"$<{\\][^\"\r\n\\]*)",
            _SEP + rb"\\{0,2}[']([^\s'$<{\\][^'\r\n\\]*)",
        ),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(
            b"password=hunter2-x",
            b"PGPASSWORD=s3cr3t",
            b"DB_PASSWORD: pl4in",
            b'"password": "two words"',
            b"api_key = 'k3y-v4lue'",
            b"?access_token=abc123&x=1",
            b'{\\"secret\\":\\"qw3rty\\"}',
            b"token: 9f8e7d",
            b"Password => x9-y8",
        ),
        negative=(
            b"password=${DB_PASSWORD}",
            b"password: <your password>",
            b"PASSWORD=\n",
            b"password=********",
            b"Password: \n",
            b"forgot password? reset",
            b"passwordFile=/run/secrets/pw",
            b"token: null",
            b"secret: true",
            b"tokens: 5",
        ),
    ),
    Detector(
        id="assignment-pwd",
        title="A value assigned to pwd; an absolute path is the shell's working directory, no password",
        anchors=(b"pwd",),
        patterns=(
            _SEP + b"(" + _NO_PATH + _REST + b")",
            _SEP + rb"\\{0,2}[\"]([^\s\"$<{\\/][^\"\r\n\\]*)",
            _SEP + rb"\\{0,2}[']([^\s'$<{\\/][^'\r\n\\]*)",
        ),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(b"pwd=hunter2-x", b"Server=db;Uid=sa;Pwd=s3cr3t;", b'"pwd": "two words"'),
        negative=(b"PWD=/app", b"OLDPWD=/data/x", b"PWD=/\n", b"pwd=$X"),
    ),
    Detector(
        id="option",
        title="A password given as an option: curl -u, docker login -p, mysql -p, --password VALUE",
        anchors=(
            b"--password ",
            b"--pass ",
            b"--token ",
            b"--secret ",
            b"--api-key ",
            b"--client-secret ",
            b"--passphrase ",
            b"sshpass -p ",
            b"--requirepass ",
            b"--auth-token ",
            b"--secret-key ",
        ),
        patterns=(rb" {0,3}[\"']?([^\s\"'`$<>{}()\-|&;][^\s\"'`|&;]*)",),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(b"mysql --password s3cr3t-9", b"sshpass -p 'pa55word' ssh", b"tool --token abc123def"),
        negative=(b"tool --password --user x", b"--password $PW", b"--password <value>"),
    ),
    Detector(
        id="userinfo-option",
        title="The password of curl -u user:password and docker login -p",
        anchors=(b" -u ", b" --user ", b" -u"),
        patterns=(rb"[\"']?[^\s:\"'`$/@|&;]{1,64}:([^\s\"'`$|&;:/][^\s\"'`|&;:/]*)",),
        judge=no_placeholder,
        learn=True,
        positive=(b"curl -u admin:s3cr3t http://x", b"curl --user bob:p4ssw0rd x"),
        negative=(b"sudo -u root ls", b"curl -u admin http://x", b"chown -u a:"),
    ),
    Detector(
        id="login-option",
        title="docker login -p VALUE, and its relatives",
        anchors=(b"login -p ", b"login --password ", b"login -p="),
        patterns=(rb"[\"']?([^\s\"'`$<>{}()\-|&;][^\s\"'`|&;]*)",),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(b"docker login -p hunter22 reg.io",),
        negative=(b"docker login -p $PW", b"docker login --password-stdin"),
    ),
)
