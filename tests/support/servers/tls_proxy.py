"""TLS in front of a server on loopback that speaks none: real handshakes and certificates, the server unchanged."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from agents.embedded.process import LOOPBACK
from tests.support.servers.certificates import Issued

CHUNK = 65_536


@contextmanager
def tls_front(port: int, certificate: Issued) -> Iterator[int]:
    """A port that speaks TLS and hands everything on to another."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with socket.create_server((LOOPBACK, 0)) as listener:
        threading.Thread(target=accept, args=(listener, context, port), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, context, port), daemon=True).start()


def serve(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError), context.wrap_socket(client, server_side=True) as spoken:
        server = socket.create_connection((LOOPBACK, port))
        back = threading.Thread(target=pump, args=(server, spoken), daemon=True)
        back.start()
        pump(spoken, server)
        back.join()
        server.close()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
