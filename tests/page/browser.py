"""Chromium without a window, spoken to over a pipe in its DevTools protocol: nothing but Python's standard library.

https://chromedevtools.github.io/devtools-protocol/; messages are JSON, a NUL behind each.
"""

import json
import os
import select
import shutil
import signal
import tempfile
import time

ANSWER_S = 60  # a browser that starts on a busy machine takes its time


class Browser:
    """One process with a profile of its own and without a network, gone at the end of `with`."""

    def __init__(self, executable):
        self._executable = executable
        self._last_id = 0
        self._received = b""
        self._events = []

    def __enter__(self):
        self._profile = tempfile.mkdtemp(prefix="rateguard_page_")
        commands_out, self._commands = os.pipe()
        self._messages, messages_in = os.pipe()
        arguments = [
            self._executable, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + self._profile, "about:blank"]
        silence = os.open(os.devnull, os.O_RDWR)
        # Beyond 4 first, so that no end of a pipe is overwritten before it has been given away.
        ends = [os.dup(commands_out), os.dup(messages_in)]
        self._process = os.posix_spawn(
            self._executable, arguments, os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, silence, 1), (os.POSIX_SPAWN_DUP2, silence, 2),
                          (os.POSIX_SPAWN_DUP2, ends[0], 3), (os.POSIX_SPAWN_DUP2, ends[1], 4)],
            setpgroup=0)
        for descriptor in (commands_out, messages_in, silence, *ends):
            os.close(descriptor)
        return self

    def __exit__(self, *_):
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._commands)
        os.close(self._messages)
        # Its children, killed with it, may still be writing.
        for _attempt in range(50):
            shutil.rmtree(self._profile, ignore_errors=True)
            if not os.path.exists(self._profile):
                break
            time.sleep(0.1)

    def call(self, method, parameters=None, session=None):
        """Sends a command and gives its result; events that come meanwhile are kept."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") != self._last_id:
                self._events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def wait_for(self, method, session):
        """The next event of that name, also one that has come already."""
        seen = 0
        while True:
            for at in range(seen, len(self._events)):
                event = self._events[at]
                if event.get("method") == method and event.get("sessionId") == session:
                    return event["params"]
            seen = len(self._events)
            self._events.append(self._receive())

    def take_events(self):
        events, self._events = self._events, []
        return events

    def _receive(self):
        end = time.monotonic() + ANSWER_S
        while b"\0" not in self._received:
            if not select.select([self._messages], [], [], max(0, end - time.monotonic()))[0]:
                raise RuntimeError(f"no answer within {ANSWER_S} s")
            got = os.read(self._messages, 1 << 20)
            if not got:
                raise RuntimeError("the browser is gone")
            self._received += got
        message, self._received = self._received.split(b"\0", 1)
        return json.loads(message)


class Page:
    """One file, loaded as by somebody who opens it from a folder."""

    def __init__(self, browser, path, scheme="light", width=1200):
        self._browser = browser
        self.url = "file://" + path
        target = browser.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        browser.take_events()
        self.call("Page.navigate", {"url": self.url})
        browser.wait_for("Page.loadEventFired", self._session)
        # What is drawn only once sizes are known: two frames later.
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def call(self, method, parameters=None):
        return self._browser.call(method, parameters, self._session)

    def evaluate(self, expression):
        """The value of a JavaScript expression, a promise's once it is kept."""
        answer = self.call("Runtime.evaluate",
                           {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def happened(self):
        """What the page asked for and complained of since it was made, or since the last call: (URLs, complaints)."""
        urls, complaints = [], []
        for event in self._browser.take_events():
            if event.get("sessionId") != self._session:
                continue
            method, said = event["method"], event["params"]
            if method == "Network.requestWillBeSent":
                urls.append(said["request"]["url"])
            elif method == "Runtime.exceptionThrown":
                complaints.append(str(said["exceptionDetails"]))
            elif method == "Log.entryAdded" and said["entry"]["level"] in ("warning", "error"):
                complaints.append(said["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and said["type"] in ("warning", "error", "assert"):
                complaints.append(str(said["args"]))
        return urls, complaints
