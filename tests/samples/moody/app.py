"""An application in the mood that the variable MOOD says."""

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

mood = os.environ.get("MOOD", "well")
asked = 0


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global asked
        asked += self.path == "/health"
        if self.path == "/health" and mood == "ill":
            self.say(500, b"the disk is full")
        elif self.path == "/health" and (mood == "late" or (mood == "slow" and asked < 4)):
            self.say(503, b"warming up")
        elif self.path == "/process":
            names = sorted(os.environ)
            self.json({"pid": os.getpid(), "group": os.getpgrp(), "environment": names})
        elif self.path == "/die":
            print("the end is near", flush=True)
            os._exit(4)
        elif self.path == "/never":
            Event().wait(30)
        elif self.path == "/loop":
            self.say(302, b"", {"Location": "/loop"})
        elif self.path == "/session":
            headers = {"Set-Cookie": "session=cookie-of-ada; HttpOnly", "X-Api-Key": "key-of-ada-1"}
            user = {"name": "Ada", "pin": "pin-of-ada-1843"}
            self.json({"user": user, "others": [{"pin": "1815 K"}]}, headers)
        else:
            self.say(200, b"well")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.say(201, body, {"Content-Type": self.headers["Content-Type"]})

    def json(self, value, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        self.say(200, json.dumps(value).encode(), headers)

    def say(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "text/plain"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        print(f"answered {self.requestline}")


if mood == "dead":
    sys.exit("there is no configuration")
if mood == "stubborn":
    signal.signal(signal.SIGTERM, lambda *_: print("not now"))
    subprocess.Popen(["sleep", "300"])
print("at your service")
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
