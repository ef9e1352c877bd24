"""A client system in Python 3.9 or newer, with nothing but its standard library.

PORT=9000 WEBHOOK_SECRET=whsec_… python3 receiver.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
ANSWERS = {}  # In earnest a table: the same id must get the same answer after a restart.


def is_genuine(headers, body):
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    signed = f"{id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest())
    entries = headers.get("webhook-signature", "").encode("latin-1").split(b" ")
    return any(hmac.compare_digest(entry, expected) for entry in entries)


def answer_to(message):
    """What you write yourself: delete, and say what you did."""
    if message["type"] != "deletion.requested":
        return {}  # A notice: any 2xx will do.
    if message["data"]["test"]:
        return {"outcome": "nothing_found"}  # Nobody's id.
    return {"outcome": "deleted"}


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        # The bytes as they came: a body that is written anew has another signature.
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            return self.reply(401, b"")
        id = self.headers["webhook-id"]
        if id not in ANSWERS:
            ANSWERS[id] = answer_to(json.loads(body))
        self.reply(200, json.dumps(ANSWERS[id]).encode())

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 9000))), Receiver).serve_forever()
