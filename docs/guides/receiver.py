"""A client system in Python 3.9 or newer, with nothing but its standard library.

PORT=9000 WEBHOOK_SECRET=whsec_… python3 receiver.py
With ANSWER=receipt it answers 202, and sends a receipt when it is done.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
MAX_BODY = 64 * 1024  # Far more than a delivery has, and nobody has been verified yet.
LOCK = threading.Lock()
ANSWERS = {}  # In earnest a table: the same id must get the same answer after a restart.


def signature(id, timestamp, body):
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()


def is_genuine(headers, body):
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    expected = signature(id, timestamp, body).encode()
    entries = headers.get("webhook-signature", "").encode("latin-1", "replace").split(b" ")
    return any(hmac.compare_digest(entry, expected) for entry in entries)


def answer_to(message):
    """What you write yourself: delete, and say what you did."""
    if message["type"] != "deletion.requested":
        return {}  # A notice: any 2xx will do.
    if message["data"]["test"]:
        return {"outcome": "nothing_found"}  # Nobody's id.
    return {"outcome": "deleted"}


def send_receipt(id, url, answer):
    """In earnest a job that a restart does not lose."""
    body, seconds = json.dumps(answer).encode(), 5
    while True:
        timestamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(id, timestamp, body),
        }
        try:
            return urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=15).close()
        except urllib.error.HTTPError as refusal:
            # The same again would be refused again. The next reminder is answered in the reply.
            if refusal.code < 500 and refusal.code not in (408, 429):
                return print(f"The receipt of {id} is refused: {refusal.code}", refusal.read().decode())
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(seconds)
        seconds = min(2 * seconds, 3600)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 15  # Seconds, for whoever sends nothing more.

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not re.fullmatch("[0-9]{1,6}", length) or int(length) > MAX_BODY:
            self.close_connection = True
            return self.reply(413, b"")
        # The bytes as they came: a body that is written anew has another signature.
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body):
            return self.reply(401, b"")
        id, message = self.headers["webhook-id"], json.loads(body)
        with LOCK:
            is_new = id not in ANSWERS
            if is_new:
                ANSWERS[id] = answer_to(message)
        url = message["data"].get("receipt_url")
        if os.environ.get("ANSWER") != "receipt" or url is None or not is_new:
            return self.reply(200, json.dumps(ANSWERS[id]).encode())
        self.reply(202, b"")
        threading.Thread(target=send_receipt, args=(id, url, ANSWERS[id]), daemon=True).start()

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 9000))), Receiver).serve_forever()
