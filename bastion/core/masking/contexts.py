r"""Detectors of context: a form, a scheme or a header says that what follows is secret.

Nothing waits here but keywords: the value is masked from its first byte to its end. What may come
again without its context is learned.
"""

from __future__ import annotations

from bastion.core.masking.detector import Detector
from bastion.core.masking.validators import credential, dense, login, mixed, no_placeholder, no_port

_PEM = (
    b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"DSA PRIVATE KEY", b"OPENSSH PRIVATE KEY",
    b"ENCRYPTED PRIVATE KEY", b"PGP PRIVATE KEY BLOCK", b"SSH2 ENCRYPTED PRIVATE KEY", b"ANY PRIVATE KEY",
    b"ED25519 PRIVATE KEY", b"X25519 PRIVATE KEY", b"SSH PRIVATE KEY", b"COSIGN PRIVATE KEY",
    b"ENCRYPTED COSIGN PRIVATE KEY", b"SIGSTORE PRIVATE KEY", b"ENCRYPTED SIGSTORE PRIVATE KEY",
    b"NEBULA ED25519 PRIVATE KEY", b"NEBULA X25519 PRIVATE KEY", b"AGE ENCRYPTED FILE",
    b"OpenVPN Static key V1", b"OpenVPN tls-crypt-v2 server key", b"OpenVPN tls-crypt-v2 client key",
)  # fmt: skip
_DER = (
    b"IBADANBgkqhkiG9w0BAQEFAAS", b"IBAAKCAQEA", b"IBAAKCAYEA", b"IBAAKCAgEA", b"MHcCAQEEI", b"MIGkAgEBBD",
    b"MIHcAgEBBEI", b"CqGSM49AwEHBG0wawIBAQQ", b"MC4CAQAwBQYDK2VwBCIEI", b"MC4CAQAwBQYDK2VuBCIEI",
    b"b3BlbnNzaC1rZXktdjEAAAAA",
)  # fmt: skip
_COLON = rb"\\{0,3}[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\[\\\"']{0,4}"
_WORD = rb"[^\s\"'`$<>{}()\[\]|&;,\\%*]"
_USER = rb"[^\s:/@\"'`<>?#\[]{0,128}:"

CONTEXTS: tuple[Detector, ...] = (
    Detector(
        id="pem",
        title="PEM private key, from BEGIN to END however it is indented, escaped or cut off",
        anchors=(
            *(b"-----BEGIN " + kind + b"-----" for kind in _PEM),
            b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        ),
        patterns=(
            rb"([A-Za-z0-9+/=\s\\\"',:.\-()|>@_]+)",
            rb"\s{1,8}#[ \t]{0,8}([A-Za-z0-9+/=]{16}[A-Za-z0-9+/=\s\\\"',:.\-()|>@_#]*)",
        ),
        ends=b"-----END",
        positive=(
            b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----",
            b"-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAA\\n-----END",
            b"-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128,0A\r\n\r\nq83v",
            b"# -----BEGIN EC PRIVATE KEY-----\n# MHcCAQEEIA1b2C3d4E5F\n# -----END",
            b"  -----BEGIN ENCRYPTED PRIVATE KEY-----\n  MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkq\n  -----END",
            b"-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: me@example.com\n\nlQVYBGVt\n=Ab3d\n-----END",
        ),
        negative=(
            b"-----BEGIN PUBLIC KEY-----\nMIIBIjAN\n-----END PUBLIC KEY-----",
            b"-----BEGIN CERTIFICATE-----",
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nmQENBF\n-----END",
        ),
    ),
    Detector(
        id="der-key",
        title="Private key in base64 without PEM lines (PKCS#1, PKCS#8, SEC 1, OpenSSH)",
        anchors=_DER,
        patterns=(rb"([A-Za-z0-9+/=\s\\]{20,})",),
        positive=(
            b"MIIEpAIBAAKCAQEAq83vEjRWeJq83vEjRWeJ",
            b"key=MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
            b"MHcCAQEEIA1b2C3d4E5F6g7H8i9J0k1L2m3N4o5P6q7R",
        ),
        negative=(b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAq83v", b"MHcCAQEEI", b"IBAAKCAQEA !"),
    ),
    Detector(
        id="ppk",
        title="PuTTY private key",
        anchors=(b"Private-Lines: ",),
        patterns=(rb"\d{1,4}[\r\n\\]{1,4}[rn\\]{0,3}([A-Za-z0-9+/=\s\\]{16,})",),
        positive=(b"Private-Lines: 1\r\nAAAAIA1b2C3d4E5F6g7H8i9J0k1L2m3N4o5P6\r\nPrivate-MAC: 0a1b",),
        negative=(b"Private-Lines: 14", b"Private-Lines: many"),
    ),
    Detector(
        id="jwk",
        title="Private members of a JSON Web Key (RFC 7517)",
        anchors=tuple(b'"%s"' % name for name in (b"d", b"k", b"p", b"q", b"dp", b"dq", b"qi")),
        patterns=(rb"[ \t]{0,4}:[ \t\r\n]{0,16}\"([\w\-]{32,})\"",),
        judge=dense,
        positive=(b'{"kty":"EC","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',),
        negative=(b'{"d":"short"}', b'{"k":"0f1e2d3c4b5a69788796a5b40f1e2d3c4b5a6978"}', b'"d": 12'),
    ),
    Detector(
        id="jwt",
        title="JSON Web Token (RFC 7519)",
        anchors=(b"eyJ",),
        patterns=(
            rb"([\w\-]{8,800})(\.[\w\-]{8,})(\.?[\w\-]*)",
            rb"([\w\-]{8,800})(\.[\w\-]*)(\.[\w\-]+)(\.[\w\-]+)(\.[\w\-]+)",
        ),
        before=b"A-Za-z0-9",
        positive=(
            b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
            b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Q2hhY2hhMjA.5eym8TW_c8SuK0lt.E3aVdj3e",
        ),
        negative=(b"eyJ", b"eyJhbGciOiJIUzI1NiJ9 alone", b"keyJ.abc"),
    ),
    Detector(
        id="auth-header",
        title="Credentials in an Authorization header, whatever their scheme (RFC 9110)",
        anchors=(b"authorization",),
        patterns=(
            _COLON + rb"[A-Za-z][A-Za-z0-9\-]{1,24} {1,4}(" + _WORD + rb"[^\r\n\"'\\]*)",
            _COLON + rb"(" + _WORD + rb"[A-Za-z0-9_~+/.=:\-]{7,})",
            _COLON + rb"[Dd]igest {1,4}([^\s][^\r\n]*)",
        ),
        judge=credential,
        cased=False,
        positive=(
            b"Authorization: Bearer s3cr3t-tok",
            b"authorization: basic dXNlcjpwdw==",
            b'"Authorization": "Token 0f1e2d3c4b"',
            b"Proxy-Authorization: NTLM TlRMTVNTUAABAAAA",
            b"curl -H 'Authorization: ApiKey abcdefghijkl' http://x",
            b"Authorization: SSWS 00QCjAl4MlV-WPXM",
            b'Authorization: Digest username="u", realm="r", response="6629fae49393a05397450978507c4ef1"',
            b"authorization: AWS4-HMAC-SHA256 Credential=AKID/2026/eu/s3/aws4_request, Signature=0a1b2c",
        ),
        negative=(
            b"Authorization: Bearer $TOKEN",
            b"Authorization: Bearer <token>",
            b"authorization: ",
            b"authorization: header is bad",
            b"Authorization: ${AUTH}",
        ),
    ),
    Detector(
        id="auth-scheme",
        title="Bearer and Basic credentials outside a header (RFC 6750, RFC 7617)",
        anchors=(b"bearer ", b"basic ", b"ssws ", b"x-amz-security-token: ", b"authorization: token "),
        patterns=(rb" {0,3}([A-Za-z0-9_~+/.\-]{16,}={0,2})",),
        judge=mixed,
        before=b"A-Za-z0-9",
        cased=False,
        learn=True,
        positive=(
            b"Authorization: Bearer abcDEF123456ghijkl7890",
            b"authorization: basic dXNlcjpwYXNzd29yZC1vZi1taW5l",
            b"sent bearer 0f1e2d3c4b5a69788796a5b4",
        ),
        negative=(b"bearer of bad news", b"Basic authentication-methods", b"basic usage"),
    ),
    Detector(
        id="cookie",
        title="What a Cookie or Set-Cookie header carries, from its first value on (RFC 6265)",
        anchors=(b"cookie",),
        patterns=(_COLON + rb"[\w.\-%]{1,64}=([^\s\"';,][^\r\n\"'\\]{3,})",),
        judge=no_placeholder,
        cased=False,
        positive=(b"Cookie: theme=dark; sid=a1b2c3d4", b"set-cookie: session=Fe26.2**abc; Path=/; HttpOnly"),
        negative=(b"cookie: none", b"cookies: 5", b"Cookie: a=${X}", b"cookie: a="),
    ),
    Detector(
        id="session-cookie",
        title="A session's id by the names that web frameworks give it",
        anchors=(
            b"sessionid=", b"session_id=", b"session=", b"sid=", b"jsessionid=", b"phpsessid=",
            b"connect.sid=",
            b"asp.net_sessionid=", b".aspxauth=", b"laravel_session=", b"_gitlab_session=",
        ),
        patterns=(rb"[\"']?([\w%.\-+/=:]{16,})",),
        judge=mixed,
        before=b"A-Za-z0-9",
        cased=False,
        learn=True,
        positive=(b"GET /x;JSESSIONID=0A1B2C3D4E5F60718293A4B5C6D7E8F9", b"sessionid=k3x9q2m7v5w1z8y4"),
        negative=(b"session=interactive", b"sid=1234", b"session=abcdefghijklmnopqrstuv"),
    ),
    Detector(
        id="dsn",
        title="Password in a URL (RFC 3986 userinfo)",
        anchors=(b"://",),
        patterns=(
            _USER + rb"([^\s/@\"'`<>]{1,256})@",
            _USER + rb"([^\s/@\"'`<>\d][^\s/@\"'`<>]{0,128}@[^\s/@\"'`<>]{0,128})@",
            _USER + rb"([^\s/@\"'`<>\d][^\s/@\"'`<>]{0,128}/[^\s@\"'`<>]{0,128})@",
        ),
        judge=no_port,
        learn=True,
        positive=(
            b"postgres://app:S3cr3t-pw@db:5432/x",
            b"redis://:r3d1s-pw@cache/0",
            b"https://u:p4ss@host/",
            b"amqp://u:p%40ss%2Fw@mq/",
            b"postgres://u:p@ss-w0rd@db/x",
            b"postgres://u:pa/ss-w0rd@db/x",
        ),
        negative=(
            b"http://host:8080/path",
            b"https://user@host/",
            b"see http://[::1]:80/@x",
            b"http://reg:4873/@scope/pkg",
            b"postgres://app:${PW}@db",
            b"postgres://user:<password>@db",
            b"https://user:***@host/",
        ),
    ),
    Detector(
        id="named-dsn",
        title="Password in a connection string that is named as one (user:password@, user/password@)",
        anchors=(
            b"dsn", b"database_url", b"db_url", b"conn_str", b"connection_string", b"connectionstring",
            b"datasource", b"data_source", b"sqlplus ", b"jdbc:oracle:thin:", b"jdbc:oracle:oci:",
        ),
        patterns=(
            _COLON + rb"[^\s:/@\"'=;]{1,64}:([^\s@\"'/][^\s@\"']{0,255})@",
            rb"[^\s:/@\"'=;]{1,64}/([^\s@\"'/][^\s@\"']{0,255})@",
        ),
        judge=no_placeholder,
        cased=False,
        learn=True,
        positive=(
            b"DB_DSN=root:S3cr3t-pw@tcp(db:3306)/app",
            b'dsn: "app:S3cr3t-pw@unix(/run/db)/x"',
            b"jdbc:oracle:thin:scott/t1ger-9@//db:1521/x",
            b"sqlplus scott/t1ger-9@orcl",
        ),
        negative=(b"dsn: https://sentry.example/1", b"jdbc:oracle:thin:@//db:1521/x", b"DSN=root@tcp(db)/x"),
    ),
    Detector(
        id="registry-login",
        title="Login of a container registry in a Docker configuration",
        anchors=(b'"auth', b"_auth"),
        patterns=(rb"[\"\\]{0,4}[ \t]{0,4}[:=][ \t\r\n]{0,8}[\"\\]{0,4}([A-Za-z0-9+/=_\-]{8,})",),
        judge=login,
        positive=(b'{"auths":{"r.io":{"auth":"dXNlcjpwYXNzdzByZA=="}}}',
            rb"\"auth\":\"dXNlcjpwYXNzdzByZA==\""),
        negative=(b'"auth":"kubernetes"', b'"auths": {', b'"auth": true'),
    ),
    Detector(
        id="password-hash",
        title="Hash of a password: crypt, bcrypt, Argon2, scrypt, PBKDF2, LDAP, SCRAM",
        anchors=(
            b"$1$", b"$2a$", b"$2b$", b"$2y$", b"$5$", b"$6$", b"$7$", b"$y$", b"$gy$", b"$apr1$",
            b"$argon2i$",
            b"$argon2d$", b"$argon2id$", b"$scrypt$", b"$pbkdf2", b"pbkdf2_sha256$", b"{SSHA}", b"{SHA}",
            b"{SSHA256}", b"{SSHA512}", b"{CRYPT}", b"SCRAM-SHA-256$",
        ),
        patterns=(rb"([A-Za-z0-9./+=,$_:\-]{20,})",),
        positive=(
            b"root:$6$Qz8xK1vN$uW3mP9rT5yB7nC2dF4gH6jK8lM0oQ1sV:19000:0:99999:7:::",
            b"admin:$2y$05$cD3fG5hJ7kL9mN1pQ3rS5u",
            b"{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g",
        ),
        negative=(b"s/(a)(b)/$1$2/", b"echo $1$2 $6$x", b"{SHA} is weak"),
    ),
)  # fmt: skip
