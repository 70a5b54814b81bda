"""The sandbox's webhooks before the published schemas: `webhooks.py SANDBOX OPENAPI.JSON`.

The document describes webhooks in an extension of its own (`x-webhooks`), which no tool reads. So their schemas are
lifted out here, the sandbox is made to send each event, and every payload is validated: as the document says, and
closed besides (every documented field present, no other one), because the document requires nothing at all and would
accept `{}`. Headers and signature are checked as the document describes them. A judge that accepts a payload which is
wrong on purpose ends the run as well.
"""

import copy
import hashlib
import hmac
import json
import queue
import subprocess
import sys
import threading
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jsonschema import Draft7Validator, FormatChecker

SECRET = "a secret of the conformance run"
WAIT_SECONDS = 20
deliveries = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        deliveries.put((dict((name.lower(), value) for name, value in self.headers.items()), body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def lift(schema, document):
    """A schema of OpenAPI 3.0 as JSON Schema: references resolved, `nullable` said as a type."""
    if "$ref" in schema:
        target = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return lift(target, document)
    lifted = {key: value for key, value in schema.items() if key not in ("nullable", "example", "properties")}
    if "properties" in schema:
        lifted["properties"] = {name: lift(one, document) for name, one in schema["properties"].items()}
    if schema.get("nullable"):
        lifted["type"] = [schema["type"], "null"]
    return lifted


def closed(schema):
    """The same schema with every field required and no other one allowed."""
    schema = copy.deepcopy(schema)
    if "properties" in schema:
        schema["required"] = list(schema["properties"])
        schema["additionalProperties"] = False
        schema["properties"] = {name: closed(one) for name, one in schema["properties"].items()}
    return schema


def wrongs(schema, payload):
    return [error.message for error in Draft7Validator(schema, format_checker=FormatChecker()).iter_errors(payload)]


def post(url, body, headers=()):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json", **dict(headers)})
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
        return json.load(answer)


def check(headers, body, schemas):
    payload = json.loads(body)
    event = payload["event"]
    schema = schemas[event]
    found = wrongs(schema, payload) + wrongs(closed(schema), payload)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    if headers.get("x-esimdual-event") != event:
        found.append(f"X-eSIMDual-Event is {headers.get('x-esimdual-event')}")
    if headers.get("x-esimdual-signature", "").lower().removeprefix("sha256=") != signature:
        found.append("X-eSIMDual-Signature is not the HMAC of the raw body")
    uuid.UUID(headers["x-esimdual-delivery"])
    if found:
        raise SystemExit(f"webhooks: {event} breaks the document: {found} in {body.decode()}")
    return event, payload


def control(schemas, payload):
    """Payloads that are wrong on purpose: each must be found out, or this judge proves nothing."""
    lies = [
        lambda order: order.update(price=str(order["price"])),
        lambda order: order.update(id="45"),
        lambda order: order.pop("external_order_id"),
        lambda order: order.update(external_order="SF-1"),
        lambda order: order.update(created_at="yesterday"),
    ]
    for number, lie in enumerate(lies, 1):
        wrong = copy.deepcopy(payload)
        lie(wrong["order"])
        if not wrongs(closed(schemas["order.completed"]), wrong):
            raise SystemExit(f"webhooks: the judge overlooked lie {number}: {wrong['order']}")
    return len(lies)


def events(origin, base):
    """Makes the sandbox send every event, one purchase of each course."""
    token = post(f"{base}/login", {"email": "partner@example.com", "password": "StrongPassword123!", "device_name": "judge"})
    bearer = {"authorization": f"Bearer {token['access_token']}", "accept": "application/json"}
    post(f"{origin}/_sandbox/ping", {})
    post(f"{base}/orders", {"package_id": 1120, "external_order_id": "JUDGE-1-1"}, bearer)
    post(f"{origin}/_sandbox/mode", {"mode": "processing"})
    for name, end in [("JUDGE-2-1", "completed"), ("JUDGE-3-1", "failed"), (None, "failed")]:
        order = post(f"{base}/orders", {"package_id": 1120, "external_order_id": name}, bearer)["data"]
        post(f"{origin}/_sandbox/orders/{order['id']}", {"status": end})


def main():
    program, path = sys.argv[1:]
    with open(path, "rb") as file:
        document = json.load(file)
    schemas = {event: lift(said["payload"], document) for event, said in document["x-webhooks"]["events"].items()}
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{receiver.server_port}/webhooks"
    command = [program, "sandbox", "--port", "0", "--packages", "50", "--webhook-url", address, "--webhook-secret", SECRET]
    sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        base = sandbox.stdout.readline().removeprefix("sandbox: ").strip()
        events(base.removesuffix("/api/reseller/v1"), base)
        awaited = {"ping": 1, "order.completed": 2, "order.processing": 3, "order.failed": 2}
        completed = None
        for _ in range(sum(awaited.values())):
            try:
                event, payload = check(*deliveries.get(timeout=WAIT_SECONDS), schemas)
            except queue.Empty:
                raise SystemExit(f"webhooks: these never came: {awaited}") from None
            awaited[event] -= 1
            completed = payload if event == "order.completed" else completed
        if any(awaited.values()):
            raise SystemExit(f"webhooks: sent too often or too seldom (what is left): {awaited}")
        lies = control(schemas, completed)
        print(f"ok: every webhook event keeps to its schema, and each of {lies} lies was found out")
    finally:
        sandbox.terminate()
        sandbox.wait()


main()
