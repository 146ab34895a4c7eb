"""Ports of this machine."""

import socket

from .problem import Problem

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def require_port(port: int) -> None:
    """Refuses a port that something else listens on, or that is not ours to open."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise Problem(f"Port {port} is not yours to open: choose one with --port.") from error
        except OSError as error:
            raise Problem(f"Port {port} is in use: choose another one with --port.") from error
