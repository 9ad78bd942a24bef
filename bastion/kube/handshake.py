"""The upgrade that starts an exec: sent exactly once, and never anywhere else.

aiohttp repeats a GET whose connection broke and follows redirects. Here the first could run a
command twice, and the second would take the credential along, so a middleware stops both.
"""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp.client_middlewares import ClientMiddlewareType
from multidict import CIMultiDict

from bastion.kube import answers
from bastion.kube.frames import PROTOCOLS
from bastion.kube.settings import KubeSettings
from bastion.kube.transport import SLOW, TROUBLE, Access, Query, read, why
from bastion.kube.wire import Wire
from bastion.model.refusal import EXIT_FAULT, Refusal

MAX_MESSAGE = 1024 * 1024


class Answered(Exception):  # noqa: N818 - not an error: how a middleware hands out an answer
    """The server answered the upgrade with something else than 101."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class _Broken(Exception):  # noqa: N818 - says what happened
    """The connection broke after the request was sent; it must not be sent again."""


async def handshake(
    connector: aiohttp.BaseConnector, settings: KubeSettings, access: Access, target: str, headers: Query
) -> Wire | Answered | Refusal:
    """The open WebSocket, the server's other answer, or why there is none.

    The Refusal's code is `start-unknown` if the command may have been started all the same.
    """
    name = settings.name
    opened: list[aiohttp.ClientResponse] = []
    session = aiohttp.ClientSession(
        connector=connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.open_timeout / 2),
        middlewares=(_once(opened),),
    )
    fields = CIMultiDict(headers)
    fields.update(access.headers)
    try:
        async with asyncio.timeout(settings.open_timeout):
            socket = await session.ws_connect(
                access.url(target),
                protocols=PROTOCOLS,
                autoping=False,
                headers=fields,
                max_msg_size=MAX_MESSAGE,
                **access.route,
            )
    except Answered as answer:
        return answer
    except (_Broken, aiohttp.WSServerHandshakeError):
        return _unknown(name, "the connection broke")
    except aiohttp.ConnectionTimeoutError:
        return answers.unreachable(name, SLOW)
    except TimeoutError:
        return _unknown(name, SLOW)
    except TROUBLE as error:
        return answers.unreachable(name, why(error))
    finally:
        session.detach()
    wire = Wire(
        socket,
        opened[0],
        ping_interval=settings.ping_interval,
        pong_timeout=settings.pong_timeout,
    )
    if wire.protocol not in PROTOCOLS:
        await wire.aclose()
        return answers.refused(name, 403, b"", upgrade=True)
    return wire


def _once(opened: list[aiohttp.ClientResponse]) -> ClientMiddlewareType:
    """A middleware that keeps the response of a 101, and hands out any other with its body.

    Anything that aiohttp would answer with a second request (a broken connection, a redirect) is
    turned into an exception that it passes on.
    """

    async def middleware(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        try:
            response = await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _Broken from error
        if response.status != 101:
            body = await read(response, answers.MAX_BODY)
            response.close()
            raise Answered(response.status, body or b"")
        opened.append(response)
        return response

    return middleware


def _unknown(cluster: str, why: str) -> Refusal:
    return Refusal(
        "start-unknown",
        f"{why} as the cluster {cluster} was asked to start the command",
        "it may have run; check before running it again",
        EXIT_FAULT,
    )
