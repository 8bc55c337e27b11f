"""Counts its visits in Redis, in Redis's own protocol."""

import json
import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def visit():
    with socket.create_connection(("cache", 6379), timeout=5) as connection:
        connection.sendall(b"*2\r\n$4\r\nINCR\r\n$6\r\nvisits\r\n")
        return int(connection.recv(64)[1:])


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/die":
            print("the end is near")
            os._exit(4)
        body = json.dumps({} if self.path == "/health" else {"visit": visit()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        print(f"answered {self.requestline}")


# The first process of a container has no default for it.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("at your service")
ThreadingHTTPServer(("", int(sys.argv[1])), App).serve_forever()
