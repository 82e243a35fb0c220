"""Runs the release binary on a temporary home and a free port, as a user would."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("PALLET_BINARY") or ROOT / ".build" / "release" / "pallet")
SHARED = pathlib.Path(os.environ.get("PALLET_SHARED") or ROOT.parent / "shared")
IN_CI = "CI" in os.environ
LONG = os.environ.get("PALLET_LONG") == "1"


class Skipped(Exception):
    """Something that the tests need is not on this machine."""


def model():
    """The smallest model at hand: SmolLM2 (the 0.5B in long runs), else the 1 MB test model."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pallet" / "models"
    names = ["SmolLM2-135M-Instruct.Q4_1.gguf"]
    if LONG:
        names.insert(0, "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")
    tiny = SHARED / "reference" / "models" / "qwen2" / "model.gguf"
    for path in [cache / name for name in names] + [tiny]:
        if path.is_file():
            return path
    raise Skipped(f"no model: neither in {cache} nor in the reference folder (set PALLET_SHARED)")


class Server:
    """A home with a small company in it, and `pallet serve` on it."""

    DOCUMENTS = {
        "opening-hours.md": "# 服务时间\n\n仓库周一至周六 8:30–17:30 收货和发货，周日不收货。国庆期间照常营业。\n",
        "rental-rules.md": "# 租赁规则\n\n## 租期\n\n最短租期 30 天。\n\n## 押金\n\n押金在退租验收后 7 个工作日内原路退回，不计利息。\n",
        "prices.md": "# 托盘日租价格表\n\n| 规格 | 型号 | 日租 |\n| --- | --- | ---: |\n| 1200×1000 | 川字托盘 | 0.35 元 |\n"
                     "| 1100×1100 | 田字托盘 | 0.30 元 |\n| 1140×1140 | <b>网格</b>托盘 | 0.28 元 |\n",
        "markup.md": "# 标记说明\n\n标签示例写作 <img src=x onerror=alert(1)>，只是文字。\n",
    }

    def __init__(self, *arguments, company=True, documents=True):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="pallet-outside-"))
        try:
            if company:
                self.run("site", "import", str(ROOT / "Examples" / "demo-company" / "site-page.txt"))
            if documents:
                self._index()
            self._start(arguments)
        except BaseException:
            shutil.rmtree(self.home, ignore_errors=True)
            raise

    def _index(self):
        folder = self.home / "documents"
        for name, text in self.DOCUMENTS.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        # A word is rare or frequent only among others.
        for number in range(12):
            (folder / f"news-{number}.md").write_text(
                f"# 新闻 {number}\n\n第 {number} 期简报：员工参加了培训，天气晴朗，客户满意。\n", encoding="utf-8")
        self.run("corpus", "build", str(folder), "--name", "documents")
        self.run("index", "build", "--corpus", "documents")

    def run(self, *arguments):
        """A command on this home; its standard output."""
        command = [str(BINARY), *arguments, "--home", str(self.home)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)} ended with {result.returncode}: {result.stderr}")
        return result.stdout

    def _start(self, arguments):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(BINARY), "serve", "--home", str(self.home), "--model", str(model()), "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        # readline would wait for ever for a server that hangs.
        watchdog = threading.Timer(90, self.process.kill)
        watchdog.start()
        self.address = self.process.stdout.readline().strip()
        watchdog.cancel()
        if not self.address.startswith("http://"):
            self.process.kill()
            raise RuntimeError(f"the server did not start: {self.log()}")
        self.port = int(self.address.rsplit(":", 1)[1])

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def terminate(self, timeout=20):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=timeout)

    def close(self):
        if self.process.poll() is None:
            try:
                self.terminate()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
