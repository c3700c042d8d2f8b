"""A web site of a vendor in a thread: real sockets, and an answer of the test's choice for each address."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """`answers` has a function of the request's handler, or (status, headers, body), by path."""

    def __init__(self, server):
        self.port = server.server_address[1]
        self.answers = {}
        self.requests = []

    def url(self, path="/", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server.site
        site.requests.append((self.path, dict(self.headers)))
        answer = site.answers.get(self.path, (404, {}, b"gone"))
        if callable(answer):
            answer = answer(self)
        if answer is None:
            return
        status, headers, body = answer
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            # Somebody who refuses the rest of an answer closes the connection.
            self.close_connection = True

    def log_message(self, *args):
        pass


@contextmanager
def vendor_site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.site = Site(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        server.server_close()
