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
PEOPLE = json.loads(os.environ.get("PEOPLE", "[]"))  # In earnest your database: [{"email": "dana@example.com"}]
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
    """What you write yourself: delete, and say what you did. None: you do not know how to do that."""
    data = message["data"]
    if message["type"] not in ("deletion.requested", "person.requested"):
        return {}  # A notice: any 2xx will do.
    if data["test"]:
        return {"outcome": "nothing_found"}  # Nobody's id.
    if message["type"] == "person.requested":
        return answer_to_person(data["subject"]["identifiers"]) if data["right"] == "erasure" else None
    return {"outcome": "deleted"}


def answer_to_person(identifiers):
    """Verified identifiers select, unverified ones only narrow."""
    verified = [each for each in identifiers if is_text(each.get("verified"))]
    others = [each for each in identifiers if each.get("verified") is None]
    found = []
    for each in verified:
        some = [one for one in PEOPLE if is_of(one, each)]
        for more in ([other for other in verified if other is not each], others):
            chosen = [one for one in some if any(is_of(one, other) for other in more)]
            if len(some) > 1 and len(chosen) == 1:
                some = chosen
        # Several, or one who is called otherwise: somebody shares this with the person.
        if len(some) > 1 or any(is_other(one, other) for one in some for other in others):
            return {"outcome": "refused", "ground": "identity_not_established"}
        found += [one for one in some if not any(one is other for other in found)]
    PEOPLE[:] = [one for one in PEOPLE if not any(one is other for other in found)]
    return {"outcome": "deleted" if found else "nothing_found"}


def is_of(one, identifier):
    """Whether the record has this identifier."""
    held, value = one.get(identifier.get("type")), identifier.get("value")
    return is_text(held) and is_text(value) and spelt(identifier, held) == spelt(identifier, value)


def is_other(one, identifier):
    """Whether the record has another identifier of this type."""
    return is_text(one.get(identifier.get("type"))) and not is_of(one, identifier)


def spelt(identifier, text):
    """Of addresses and user names, capitals of ASCII are the same; other letters are not."""
    kind = identifier["type"]
    return small(text) if kind == "email" or kind.endswith("_username") else text


def is_text(value):
    return isinstance(value, str) and value != ""


def small(text):
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


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
            answer = answer_to(message) if is_new else ANSWERS[id]
            if answer is None:
                return self.reply(422, b"This right is not known here")
            ANSWERS[id] = answer
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
