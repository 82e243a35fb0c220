"""A WebDriver client (W3C) of the standard library: what the page tests need, and no more."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from serving import Skipped

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Driver:
    """chromedriver on a free port; sessions are opened from it."""

    def __init__(self):
        program, self.browser = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
        if not program or not self.browser:
            raise Skipped("no chromium with chromedriver (Debian: chromium, chromium-driver)")
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.1)
        self.close()
        raise RuntimeError("chromedriver did not start")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            detail = json.load(error)["value"]
            raise RuntimeError(f"{detail['error']}: {detail['message'].splitlines()[0]}") from None

    def close(self):
        self.process.terminate()
        self.process.wait()


class Browser:
    """One browser window."""

    def __init__(self, driver, script=True, dark=False, size=(1280, 900), language="zh-CN"):
        self.driver = driver
        options = {
            "binary": driver.browser,
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     f"--window-size={max(size[0], 500)},{size[1]}", f"--lang={language}"],
            "prefs": {"intl.accept_languages": language},
        }
        if not script:
            options["prefs"]["profile.managed_default_content_settings.javascript"] = 2
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.id = driver.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        # A window has a smallest width; a device may be narrower.
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
            mobile=size[0] < 500)

    def call(self, method, path, body=None):
        return self.driver.call(method, f"/session/{self.id}{path}", body)

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        self.call("POST", "/url", {"url": address})

    def find(self, selector):
        """Ids of all elements."""
        return [e[ELEMENT] for e in self.call("POST", "/elements", {"using": "css selector", "value": selector})]

    def first(self, selector):
        found = self.find(selector)
        assert found, f"no element {selector}"
        return found[0]

    def text(self, selector):
        return self.call("GET", f"/element/{self.first(selector)}/text")

    def click(self, selector):
        self.call("POST", f"/element/{self.first(selector)}/click", {})

    def type(self, selector, text):
        self.call("POST", f"/element/{self.first(selector)}/value", {"text": text})

    def evaluate(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds} s for {what}")

    def messages(self):
        """What the browser complains about: script errors, what the content security policy stopped."""
        return [m["message"] for m in self.call("POST", "/se/log", {"type": "browser"}) if m["level"] == "SEVERE"]

    def screenshot(self, path, whole=True):
        parameters = {"captureBeyondViewport": whole}
        data = self.devtools("Page.captureScreenshot", **parameters)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.call("DELETE", "")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
