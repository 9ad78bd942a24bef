"""The bastion's own access to a cluster, read by the official `kubernetes` package.

Only this module and `kubeconfig` import that package (0.4 s of CPU), so they are imported late.
A credential that may rotate (plugin, token file, service account) is read anew as a whole.
"""

# The package's configuration classes have no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import yaml
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.incluster_config import load_incluster_config

from bastion.kube.kubeconfig import Loader
from bastion.kube.settings import CredentialError, KubeSettings
from bastion.kube.transport import Access

REREAD = 60.0
SAFE = re.compile(
    r"Expected key [\w-]+|Expected object with name \S+|File does not exists: .*"
    r"|Service (host|token|certification)[\w /]*|Token file exists but empty|Cert file exists but empty"
)


@dataclass(frozen=True, slots=True, repr=False)
class _Loaded:
    access: Access
    due: Callable[[float], bool]
    renew: Callable[[], Awaitable[_Loaded]]


class Credentials:
    """The access to one cluster, fresh whenever it is asked for; made by `load`."""

    def __init__(self, loaded: _Loaded, limit: float) -> None:
        self._loaded = loaded
        self._limit = limit
        self._lock = asyncio.Lock()
        self._read_at = asyncio.get_running_loop().time()

    async def access(self, *, rejected: Access | None = None) -> Access:
        """The access to use now, renewed if it is due or is the one the server just `rejected`.

        One renewal at a time, bounded by the credential time-out. Raises CredentialError.
        """
        async with self._lock:
            loop = asyncio.get_running_loop()
            if rejected is self._loaded.access or self._loaded.due(loop.time() - self._read_at):
                async with _explained(self._limit):
                    self._loaded = await self._loaded.renew()
                self._read_at = loop.time()
            return self._loaded.access


async def load(settings: KubeSettings) -> Credentials:
    """Read the configuration and the credential. Raises CredentialError."""
    async with _explained(settings.credential_timeout):
        read = _in_cluster if settings.in_cluster else _kubeconfig
        return Credentials(await read(settings), settings.credential_timeout)


async def _in_cluster(settings: KubeSettings) -> _Loaded:
    configuration = Configuration()
    load_incluster_config(configuration, try_refresh_token=False)
    access = _access(configuration, settings, configuration.api_key.get("BearerToken", ""))
    return _Loaded(access, lambda age: age >= REREAD, lambda: _in_cluster(settings))


async def _kubeconfig(settings: KubeSettings) -> _Loaded:
    configuration = Configuration()
    with ExitStack() as held:
        loader = Loader(settings.kubeconfig, settings.context, held)
        await loader.load_and_set(configuration)
        access = _access(configuration, settings, loader.authorization)
    if loader.kind == "provider":
        return _provider(access, loader)
    due: dict[str, Callable[[float], bool]] = {
        "exec": lambda _age: loader.ends_soon,
        "file": lambda age: age >= REREAD,
        "static": lambda _age: False,
    }
    return _Loaded(access, due[loader.kind], lambda: _kubeconfig(settings))


def _provider(access: Access, loader: Loader) -> _Loaded:
    """A legacy `auth-provider`: its refresh tokens rotate, so the loader that has them is kept."""

    async def renew() -> _Loaded:
        token = _header(await loader.renew())
        return _provider(Access(access.host, access.tls, access.server_name, access.proxy, token), loader)

    return _Loaded(access, lambda age: age >= REREAD, renew)


def _access(configuration: Configuration, settings: KubeSettings, authorization: str) -> Access:
    host = str(configuration.host).rstrip("/")
    proxy = configuration.proxy
    if not host.startswith("https://") and not (settings.allow_insecure and host.startswith("http://")):
        raise CredentialError("the server's address does not start with https://")
    if not configuration.verify_ssl and not settings.allow_insecure:
        raise CredentialError("insecure-skip-tls-verify is not accepted; give the certificate authority")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise CredentialError("proxy-url is neither an http:// nor an https:// address")
    return Access(
        host,
        _tls(configuration) if host.startswith("https://") else None,
        configuration.tls_server_name or None,
        proxy or None,
        _header(authorization),
    )


def _tls(configuration: Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    # Python 3.13 began to insist on extensions that the authorities of many clusters lack and that
    # kubectl does not ask for; the chain, the names and the dates are checked all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _header(value: str) -> str:
    value = value.strip()
    if not value.isascii() or not value.replace(" ", "").isprintable():
        raise CredentialError("the token holds characters that no token has")
    return value


@asynccontextmanager
async def _explained(limit: float) -> AsyncIterator[None]:
    """Turn what the package and the files can raise into a CredentialError without their text.

    Their messages may quote a file's content: only the words in `SAFE` are passed on.
    """
    try:
        async with asyncio.timeout(limit):
            yield
    except TimeoutError:
        raise CredentialError("the credential plugin did not answer in time") from None
    except ConfigException as error:
        found = SAFE.search(str(error))
        raise CredentialError(found[0] if found else "the kubeconfig file is not valid") from None
    except OSError as error:
        raise CredentialError(f"a file cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError, aiohttp.ClientError):
        raise CredentialError("the kubeconfig file, or a file it names, is malformed") from None
