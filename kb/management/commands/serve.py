"""Run the server: processes that answer requests, and one that replaces those that end."""

import ctypes
import gc
import multiprocessing
import resource
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.urls import get_resolver
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from kb import searching

THREADS, CONNECTIONS, FILES = 16, 2048, 8192
"""Of each worker: threads that answer, most open connections, most open files."""
HEADER_MILLISECONDS, HEADER_BYTES = 10_000, 64 * 1024
"""A client has this long to send its headers, also after an earlier answer, and its headers may be this long."""
GARBAGE = 700
"""New objects after which a worker looks for garbage: Python's own number, which `manage.py` raises."""
ARENA_MAX, ARENAS = -8, 1
"""M_ARENA_MAX of glibc's malloc.h, and the heaps of a worker: a thread's own would keep what the thread once used."""
LIFETIME, MEMORY, STOP = 24 * 3600, 2048, 20
"""A worker is replaced after these seconds, or above these MiB. It then has these seconds to finish its requests."""

# Note [A worker that dies]
# granian opens a socket in each worker: who waits in the queue of one that dies gets an error, and without a worker
# nothing listens. Here the first process opens the socket and keeps it, so that people wait until a new worker takes
# them. granian also stops everything if a worker dies twice within six seconds. Here it is replaced each time.


class Workers(MPServer):
    """One listening socket for all workers, and a new worker for each that ends. See Note [A worker that dies]."""

    wrks: list[Any]
    _ssp: Any
    _shd: Any
    _sfd: Any
    _sso: Any

    def _init_shared_socket(self) -> None:
        family = socket.AF_INET6 if ":" in self.bind_addr else socket.AF_INET
        self._sso = socket.create_server((self.bind_addr, self.bind_port), family=family, backlog=self.backlog)
        self._sfd, self._ssp = self._sso.fileno(), None
        self._shd = import_module("granian.net").SocketHolder(self._sfd, False, self.backlog)

    def _respawn_workers(self, workers: Iterable[int], *args: Any, **options: Any) -> None:
        failed = [self.wrks[number] for number in set(workers) if not self.wrks[number].is_alive()]
        if any(time.monotonic() - worker.birth < 1 for worker in failed):
            # It did not even start. Do not use the whole processor for trying.
            time.sleep(1)
        super()._respawn_workers(sorted(set(workers)), *args, **options)
        self.respawned_wrks.clear()


class Command(BaseCommand):
    """`manage.py serve --port 8000 --workers 2`."""

    help = "Run the server. It speaks plain HTTP: in production, run it behind a proxy such as deploy/nginx.conf."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add where to listen and how many processes answer."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on, 127.0.0.1 by default")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on, 8000 by default")
        parser.add_argument("--workers", type=int, default=2, help="processes that answer requests, 2 by default")
        parser.add_argument("--demo", action="store_true", help="prepare the demo first, as `manage.py demo` does")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGTERM or SIGINT. SIGHUP replaces the workers without losing a request."""
        if not settings.DEBUG and not settings.PROXY_COUNT:
            self.stderr.write("Without a proxy in front, slow clients can keep everybody from sending forms.")
        _set_limits()
        # Workers inherit the socket and all loaded code. A new one answers in a fraction of a second.
        multiprocessing.set_start_method("fork", force=True)
        demo = multiprocessing.Process(target=_prepare_demo)
        if options["demo"]:
            demo.start()
        import_module(settings.WSGI_APPLICATION.rpartition(".")[0])
        get_resolver().url_patterns  # noqa: B018 loads every view
        searching.load_model()
        if options["demo"]:
            demo.join()
            if demo.exitcode:
                sys.exit(demo.exitcode)
            self.stdout.write(f"==> Serving on http://{options['host']}:{options['port']}/ (Ctrl-C stops)")
        # The collector of a worker then leaves the loaded code alone: it takes no time, and stays shared memory.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE)
        try:
            _workers(options["host"], options["port"], options["workers"]).serve()
        except OSError as error:
            sys.exit(f"codebook: cannot listen on {options['host']}:{options['port']}: {error.strerror}")


def _set_limits() -> None:
    """Allow a worker more open files, and one heap."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    if hasattr(ctypes.CDLL(None), "mallopt"):
        ctypes.CDLL(None).mallopt(ARENA_MAX, ARENAS)


def _prepare_demo() -> None:
    """Run `manage.py demo`, in a process beside the one that loads the views: they share no connection."""
    sys.argv = ["manage.py", "demo"]
    import_module("manage").main()


def _workers(host: str, port: int, workers: int) -> Workers:
    return Workers(
        settings.WSGI_APPLICATION.replace(".application", ":application"),
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # HTTP/2 has no limit of time for a connection that sends nothing. Proxies use HTTP/1.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES),
        # Connections cost little, threads cost a connection to the database each.
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        rss_samples=3,
        workers_lifetime=LIFETIME,
        workers_max_rss=MEMORY,
        workers_kill_timeout=STOP,
        # Its warnings are about the number of threads and the sockets that are not used here.
        log_level=LogLevels.error,
        log_dictconfig={"handlers": {}, "loggers": {"_granian": {"propagate": True}, "granian.access": {}}},
    )
