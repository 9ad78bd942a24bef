r"""Detectors of assignments: a name such as password or token, a sign, and the value that is secret.

One name, several rows: as the value is written (bare, in quotes, in a block, as a pair of name and
value, as an XML element), so is it read to its end.
"""

from __future__ import annotations

from bastion.core.masking.detector import Detector
from bastion.core.masking.validators import entropy, no_code, no_placeholder

NAMES = (
    b"password", b"passwd", b"passphrase", b"pass_phrase", b"pass phrase", b"passcode", b"passwort",
    b"kennwort", "contraseña".encode(), b"contrasena", b"mot de passe", b"motdepasse", b"mot_de_passe",
    b"senha", b"wachtwoord", b"haslo", "hasło".encode(), b"parola", "пароль".encode(),
    b"mysql_pwd", b"_pwd", b"secret", b"secret_key", b"secretkey", b"secret-key", b"secret key",
    b"secret_key_base", b"access key", b"secretaccesskey", b"token", b"api_key", b"api-key", b"api key",
    b"apikey", b"app_key",
    b"application_key", b"application-key", b"access_key", b"access-key", b"account_key",
    b"account-key", b"accountkey", b"private_key", b"private-key", b"privatekey", b"client_key",
    b"client-key-data", b"client-key", b"encryption_key", b"encryption-key", b"encryptionkey", b"signing_key",
    b"signing-key", b"signingkey", b"master_key", b"masterkey", b"master-key", b"shared_key", b"sharedkey",
    b"preshared_key", b"presharedkey", b"pre-shared-key", b"psk", b"hmac_key", b"storage_key", b"storagekey",
    b"subscription-key", b"subscription_key", b"auth_key", b"auth-key", b"authkey", b"credential",
    b"credentials", b"db_pass", b"dbpass", b"_pass", b"-pass", b"_pw", b"bindpw", b"rootpw", b"userpw",
    b"requirepass", b"sshpass", b"rediscli_auth", b"redis_auth", b"masterauth", b"mnemonic",
    b"seed_phrase", b"seed phrase",
)  # fmt: skip
_FIRST = rb"[^\s\"'`<>{}()\[\]|&;,\\]"
_NO_PATH = rb"[^\s\"'`<>{}()\[\]|&;,\\/]"
_REST = rb"[^\s\"'`<>;,&|)}\]\\]*"
_ON = rb"[A-Za-z0-9!@#$%^*+_~?./\-][^\s\"'`<>=:\\]*"
_NAME_END = rb"[0-9]{0,2}\]?\\{0,3}[\"']?"
_SEP = _NAME_END + rb"[ \t]{0,64}[:=]{1,2}>?[ \t]{0,64}"
_PAIR = _NAME_END + rb"[\s,]{0,64}\\{0,3}[\"']?[Vv]alue\\{0,3}[\"']?[ \t]{0,4}[:=][ \t]{0,4}"


def _quoted(lead: bytes, never: bytes = b"") -> tuple[bytes, ...]:
    r"""In double quotes, in single ones, and in quotes that are escaped (JSON in JSON), after `lead`."""
    return (
        lead + rb"[\"]([^\s\"<{\\)" + never + rb"]\q*)",
        lead + rb"[\"](\\[^\s]\q*)",
        lead + rb"[']([^\s'<{\\)" + never + rb"]\a*)",
        lead + rb"[']([^\s'<{\\)" + never + rb"][^'\r\n]*)'[\"']{1,3}'?([^'\r\n]*)",
        lead + rb"[\"']{3}([^\s\"'<{" + never + rb"][^\"'\r\n]*)",
        lead + rb"\\{1,3}[\"']([^\s\"'<{\\" + never + rb"][^\"\r\n\\]*)",
    )


ASSIGNMENTS: tuple[Detector, ...] = (
    Detector(
        id="assignment",
        title="A value assigned to a name such as password or token (shell, YAML, INI, URL query)",
        anchors=NAMES,
        patterns=(_SEP + b"(" + _FIRST + _REST + b")",),
        judge=no_code,
        cased=False,
        learn=True,
        positive=(
            b"password=hunter2-x",
            b"PGPASSWORD=s3cr3t",
            b"DB_PASSWORD: pl4in",
            b"?access_token=abc123&x=1",
            b"token: 9f8e7d",
            b"Password => x9-y8",
            b"mysql --password=s3cr3t-9",
            b"POSTGRES_PASSWORD:                  hunter2",
            b"Server=db;Password=Sq1-pw-553;",
            b"user[password]=hunter2",
            b"SecretAccessKey = wJalrXUtnFEMI/K7MDENG",
            b"password=$2b$10$abcdefgh",
            b"client-key-data: LS0tLS1CRUdJTiBSU0Eg",
            b"passwort: geheim",
        ),
        negative=(
            b"password=${DB_PASSWORD}",
            b"password=$DB_PASSWORD",
            b"password: <your password>",
            b"PASSWORD=\n",
            b"password=********",
            b"password=xxxx",
            b"Password: \n",
            b"forgot password? reset",
            b"the password is required",
            b"passwordFile=/run/secrets/pw",
            b"token: null",
            b"secret: true",
            b"tokens: 5",
            b"password = getpass()",
            b"token = self.token",
            b"password = os.environ['X']",
            b"password: {{ .Values.password }}",
            b"password = %s",
            b"secretName: my-secret",
        ),
    ),
    Detector(
        id="assignment-quoted",
        title="The same in quotes (JSON, YAML, shell, source code) or in a YAML block",
        anchors=NAMES,
        patterns=(
            *_quoted(_SEP),
            _NAME_END + rb"[ \t]{0,4}:[ \t]{0,8}[|>][+\-0-9]{0,2}[ \t]{0,8}\r?\n[ \t]{1,40}([^\s][^\r\n]*)",
        ),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(
            b'"password": "two words"',
            b"api_key = 'k3y-v4lue'",
            b'{\\"secret\\":\\"qw3rty\\"}',
            b'"password": "ab\\"cd-9"',
            b"password: |\n  hunter2-x\n",
            b'DB_PASSWORD="p4ss,w;rd" x',
            b"password: 'it''s-9'",
            b"password='s3c'\"'\"'r3t'",
            b'password = """tripl3"""',
        ),
        negative=(
            b'password: ""',
            b'"password": null',
            b'password="${PW}"',
            b'"token": "<redacted>"',
            b"password='******'",
            b'"password": "{{ pw }}"',
            b"password: |\n",
        ),
    ),
    Detector(
        id="assignment-tail",
        title="The rest of a bare value after a comma, semicolon or ampersand that no other name follows",
        anchors=NAMES,
        patterns=(
            _SEP + b"(" + _FIRST + _REST + b"[,;&)}|]" + _ON + b")",
            _SEP + b"(" + _FIRST + _REST + rb"[,;&][^\s\"'`<>;,&|(){}\]\[\\=:]+)",
            _SEP + b"(" + _FIRST + _REST + rb"\\[^nrtu\"'\s\\]" + _REST + rb")",
            _NAME_END + b"=([(&]" + _ON + b")",
            _NAME_END + rb"=\{([^{}\s$][^{}\r\n]{0,255})\};",
        ),
        judge=no_placeholder,
        cased=False,
        after=b"=:",
        positive=(b"DB_PASSWORD=ab,cd-9", b"password: x9;y8", b"password=CORP\\b0b", b"PASSWORD=a)9|x",
            b"password=&s3cr3t9", b"Password=Ab1,2;Encrypt=True",
                  b"jdbc:sqlserver://h;password={s3c;r3t};x=1"),
        negative=(b"password=${A},user=b", b"token=,a", b"password=&user=b"),
    ),
    Detector(
        id="assignment-pair",
        title="A pair of name and value: environment of a pod or task, XML property",
        anchors=NAMES,
        patterns=(_PAIR + b"(" + _FIRST + _REST + b")", *_quoted(_PAIR)),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(
            b"- name: DB_PASSWORD\n          value: hunter2-x",
            b'{"name": "DB_PASSWORD", "value": "hunter2-x"}',
            b'{\\"name\\":\\"API_TOKEN\\",\\"value\\":\\"hunter2-x\\"}',
            b'<property name="password" value="hunter2-x"/>',
        ),
        negative=(
            b"- name: DB_PASSWORD\n  valueFrom:\n",
            b'"name": "DB_PASSWORD", "value": ""',
            b"password value: <x>",
        ),
    ),
    Detector(
        id="assignment-xml",
        title="An XML element named password or the like",
        anchors=NAMES,
        patterns=(rb">\s{0,64}([^\s<>{$][^<>\r\n]{0,255})</",
            rb">\s{0,64}<!\[CDATA\[([^\s\]<>][^\]\r\n]{0,255})\]"),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(b"<password>two words</password>", b"<apiKey><![CDATA[k3y-v4lue]]></apiKey>"),
        negative=(b"<password></password>", b"-u <user> -p <password> --host <host>",
            b"<secret>true</secret>"),
    ),
    Detector(
        id="assignment-pwd",
        title="A value assigned to pwd; an absolute path is the shell's working directory, no password",
        anchors=(b"pwd",),
        patterns=(_SEP + b"(" + _NO_PATH + _REST + b")", *_quoted(_SEP, b"/")),
        judge=no_code,
        cased=False,
        learn=True,
        positive=(b"pwd=hunter2-x", b"Server=db;Uid=sa;Pwd=s3cr3t;", b'"pwd": "two words"'),
        negative=(b"PWD=/app", b"OLDPWD=/data/x", b"PWD=/\n", b"pwd=$X"),
    ),
    Detector(
        id="assignment-pass",
        title="A value assigned to pass, no count",
        anchors=(b"pass",),
        patterns=(rb"[\"']?[ \t]{0,2}=[ \t]{0,2}([^=~\s\"'`<>{}()\[\]|&;,\\]"  + _REST + b")",
            *_quoted(_SEP)),
        judge=no_code,
        before=b"A-Za-z",
        cased=False,
        learn=True,
        positive=(b"pass = hunter2-x", b'"pass": "two words"', b"user=a&pass=s3cr3t"),
        negative=(b"pass=5 fail=0", b"bypass=always", b"compass='north'", b"pass: 12, fail: 0",
            b"pass == null"),
    ),
    Detector(
        id="assignment-key",
        title="A random text assigned to any name that ends in key",
        anchors=(b"_key", b"-key", b"Key"),
        patterns=(_SEP + rb"[\"']?([A-Za-z0-9+/=_\-]{16,})",),
        judge=entropy,
        after=b".(",
        learn=True,
        positive=(b"LICENSE_key=Zk3xQ9vLm2Tw8RbY", b'datadogKey: "0f1e2d3c4b5a69788796a5b40f1e2d3c"'),
        negative=(b"primary_key=customer_identifier", b"cache_key: aaaaaaaaaaaaaaaa1", b"sort-key=name"),
    ),
    Detector(
        id="sql-password",
        title="A password in SQL: IDENTIFIED BY, PASSWORD '…'",
        anchors=(b"password", b"identified by", b"identified by values"),
        patterns=(
            rb"[ \t]{1,4}[']([^\s'\\][^'\r\n]{0,255})[']",
            rb"[ \t]{0,2}\([ \t]{0,2}[']([^\s'\\][^'\r\n]{0,255})[']",
            rb"[ \t]{1,4}[\"]([^\s\"\\][^\"\r\n]{0,255})[\"]",
        ),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(
            b"CREATE USER a IDENTIFIED BY 'hunter2-x';",
            b"ALTER ROLE a WITH PASSWORD 'two words'",
            b"SET PASSWORD FOR a PASSWORD('hunter2-x')",
        ),
        negative=(b"PASSWORD ''", b"['password', 'user']", b"password 'null'", b"identified by name"),
    ),
    Detector(
        id="netrc",
        title="The password of a machine in .netrc",
        anchors=(b"machine ", b"default "),
        patterns=(
            rb"[^\s]{1,255}\s{1,40}login\s{1,8}[^\s]{1,255}\s{1,40}password\s{1,8}([^\s]+)",
            rb"login\s{1,8}[^\s]{1,255}\s{1,40}password\s{1,8}([^\s]+)",
            rb"[^\s]{1,255}\s{1,40}password\s{1,8}([^\s]+)",
        ),
        learn=True,
        before=b"A-Za-z0-9",
        positive=(b"machine h.io\n  login me\n  password hunter2-x\n", b"machine h password p4ssw0rd",
                  b"default login a password hunter2-x"),
        negative=(b"machine learning login form", b"default password", b"the machine is up"),
    ),
    Detector(
        id="pgpass",
        title="The password of a line in .pgpass",
        anchors=(b":5432:", b":5433:", b":6432:", b":*:"),
        patterns=(rb"[^\s:]{1,64}:[A-Za-z_*][\w.\-]{0,63}:([^\s]+)",),
        learn=True,
        positive=(b"db:5432:app:bob:hunter2-x", b"*:*:*:bob:hunter2-x"),
        negative=(b"daemon:*:19000:0:99999:7:::", b"10.0.0.1:5432: refused", b"db:5432:app:bob"),
    ),
)  # fmt: skip
