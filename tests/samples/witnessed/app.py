"""A shop that always says no."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        self.say(200, b"well")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        print("no room on the shelf", flush=True)
        self.say(409, b'{"reason": "no room", "pin": "pin-of-shop-9"}')

    def say(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Api-Key", "key-of-shop-77")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        print(f"answered {self.requestline}")


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
