"""A browser without a window, driven over Chromium's own debugging pipe.

with Chromium(environment.variables) as page:
    page.open("http://localhost:8069/web/login")
    page.run("document.title")
    page.save(Path("login.png"))
"""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from .browser import NAMES
from .problem import Problem
from .steps import end_with_parent

# The browser reads what it is told from number 3, and answers on number 4.
START = 'exec "$0" "$@" 3<&{reads} 4>&{writes}'
OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--lang=en-US",
)
ANSWER_SECONDS = 60


class Chromium:
    """One page of a browser of its own; it knows nothing of other ones.

    :param variables: the environment, whose PATH leads to Chromium
    """

    def __init__(self, variables: dict[str, str]):
        self.variables = variables
        self.numbers = itertools.count(1)
        self.received = b""
        self.session: str | None = None

    def __enter__(self) -> "Chromium":
        found = [shutil.which(name, path=self.variables.get("PATH")) for name in NAMES]
        program = next(filter(None, found), None)
        if program is None:
            raise Problem("Chromium is not there: on Debian, apt-get install chromium.")
        self.profile = TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True)
        reads, self.writer = self._pipe()
        self.reader, writes = self._pipe()
        options = [*OPTIONS, f"--user-data-dir={self.profile.name}"]
        self.browser = subprocess.Popen(
            ["bash", "-c", START.format(reads=reads, writes=writes), program, *options],
            env={**self.variables, "TZ": "UTC", "LANG": "C.UTF-8"},
            pass_fds=(reads, writes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        os.close(reads)
        os.close(writes)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        self.call("Page.enable")
        return self

    def __exit__(self, *_error) -> None:
        self.browser.terminate()
        try:
            self.browser.wait(10)
        except subprocess.TimeoutExpired:
            self.browser.kill()
            self.browser.wait()
        os.close(self.reader)
        os.close(self.writer)
        self.profile.cleanup()

    @staticmethod
    def _pipe() -> tuple[int, int]:
        """Both ends with numbers that the browser's own, 3 and 4, are none of."""
        ends = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
        for end in ends:
            os.close(end)
        return high[0], high[1]

    def call(self, method: str, **params) -> dict:
        """What the browser answers to one command of its protocol."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            answer = self._receive(deadline)
            if answer.get("id") == number:
                if "error" in answer:
                    raise Problem(f"Chromium refuses {method}: {answer['error']['message']}")
                return answer["result"]
        raise Problem(f"Chromium does not answer to {method}.")

    def _receive(self, deadline: float) -> dict:
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.reader], [], [], max(0, deadline - time.monotonic()))
            arrived = os.read(self.reader, 1 << 20) if ready else b""
            if not arrived:
                raise Problem("Chromium does not answer, or has ended.")
            self.received += arrived
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def run(self, expression: str):
        """The value of a JavaScript expression on the page; of a promise, what it gives."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            said = details.get("exception", {}).get("description", details["text"])
            raise Problem(f"The page fails at {expression[:200]}:\n{said}")
        return answer["result"].get("value")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def wait_for(self, expression: str, seconds: float = 90) -> bool:
        """Whether an expression gets true within so long; a page that is being left is not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.run(expression):
                    return True
            except Problem:
                pass
            time.sleep(0.1)
        return False

    def set_size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def save(self, path: Path) -> None:
        """What the page shows, as a PNG file."""
        shown = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shown["data"]))
