"""Receives Ringback's callbacks with FastAPI 0.92 or later, in Python 3.9 or later.

    pip install fastapi uvicorn
    RINGBACK_WEBHOOK_SECRETS=whsec_… PORT=9000 python3 fastapi_receiver.py

callback_url: https://callbacks.example.com/hook
"""

import base64
import hmac
import json
import os
import re
import sys
import time

import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, Response

MAX_BODY_BYTES = 64 * 1024  # Ringback sends less than 20 KB.
TOLERANCE_SECONDS = 300


def keys_of(text):
    """Several during a rotation. It refuses an empty secret, because an attacker could sign with it."""
    secrets = [secret for secret in re.split(r"[\s,]+", text) if secret]
    keys = [base64.b64decode(secret.removeprefix("whsec_"), validate=True) for secret in secrets]
    if not keys or min(map(len, keys)) < 24:
        raise SystemExit("RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets")
    return keys


KEYS = keys_of(os.environ.get("RINGBACK_WEBHOOK_SECRETS", ""))
seen = {}
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.post("/hook")
async def receive(request: Request, background: BackgroundTasks):
    # The signature is over the bytes as they came: a parameter with a model would have parsed them.
    body = await read_bounded(request)
    if not is_genuine(request.headers, body):
        raise HTTPException(400)
    event = event_in(body)
    if event is None:
        raise HTTPException(400)
    message_id = request.headers["webhook-id"]
    # First the answer, then the work: after 15 s without one Ringback calls again.
    if remember(message_id):
        background.add_task(work, message_id, event)
    return Response(status_code=204, background=background)


async def read_bounded(request):
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413)
    return bytes(body)


def is_genuine(headers, body):
    """Standard Webhooks 1.0.0: HMAC-SHA256 over id.timestamp.body, one signature for each secret in force."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not re.fullmatch("[0-9]{1,12}", timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{message_id}.{timestamp}.".encode("latin-1") + body
    given = headers.get("webhook-signature", "").encode("latin-1").split(b" ")
    match = False
    for key in KEYS:
        expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
        # compare_digest takes as long for a near miss as for a far one; == does not.
        for signature in given:
            match |= hmac.compare_digest(expected, signature)
    return match


def event_in(body):
    """The event, or None. The flat format has `event` and `task_id` at the top."""
    try:
        event = json.loads(body)
    except ValueError:
        return None
    if isinstance(event, dict) and isinstance(event.get("type") or event.get("event"), str):
        return event
    return None


def remember(message_id):
    """False if it came before. A real one keeps the id in its database, as a unique key, and writes the work to be done
    in the same transaction: then neither a restart nor a second worker does it twice, or never."""
    if message_id in seen:
        return False
    seen[message_id] = True
    if len(seen) > 10_000:
        del seen[next(iter(seen))]
    return True


def work(message_id, event):
    """Your own work goes here: fetch `video_url`, send a message. FastAPI runs it in a thread, after the answer has left."""
    task_id = (event.get("data") or {}).get("task_id") or event.get("task_id")
    accepted = {"accepted": message_id, "type": event.get("type") or event.get("event"), "task_id": task_id}
    # One write: of two threads that print at once, print() may mix the lines.
    sys.stdout.write(json.dumps(accepted) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "9000")), log_level="warning")
