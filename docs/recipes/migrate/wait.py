# Waits for a video with nothing but Python: BASE_URL=…, of Ringback, KEY=… python3 wait.py
import json, os, sys, urllib.error, urllib.request

MODEL = "doubao-seedance-2-0-260128"
ORDER = os.environ.get("ORDER", "order-1")


def call(path, body=None, headers={}):
    data = None if body is None else json.dumps(body).encode()
    fields = {"authorization": f"Bearer {os.environ['KEY']}", "content-type": "application/json", **headers}
    request = urllib.request.Request(os.environ["BASE_URL"] + path, data, fields)
    try:
        with urllib.request.urlopen(request, timeout=90) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        sys.exit(error.read().decode())


task = call("/videos", {"model": MODEL, "prompt": "A lighthouse at dusk."}, {"Idempotency-Key": ORDER})
while task["status"] in ("queued", "running"):
    task = call(f"/videos/{task['task_id']}?wait=60")

if task["status"] == "failed":
    sys.exit(task["error"]["message"])
print(task["video_url"])
