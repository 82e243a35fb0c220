"""Runs the tests from outside and says how many passed. Arguments: words that a test's name must hold."""

import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import test_adapters  # noqa: E402
import test_api  # noqa: E402
import test_commands  # noqa: E402
import test_embedding  # noqa: E402
import test_pages  # noqa: E402
import test_training  # noqa: E402
from serving import IN_CI, Server, Skipped  # noqa: E402
from webdriver import Driver  # noqa: E402


class Tally:
    def __init__(self, words):
        self.words, self.passed, self.failed = words, 0, 0

    def wants(self, tests):
        return [t for t in tests if not self.words or any(w in t.__name__ for w in self.words)]

    def run(self, test, *arguments):
        start = time.monotonic()
        try:
            test(*arguments)
        except Skipped as reason:
            self.skip(test.__name__, reason)
        except Exception:
            self.failed += 1
            print(f"FAILED {test.__name__}\n{traceback.format_exc()}", flush=True)
        else:
            self.passed += 1
            print(f"passed {test.__name__} ({time.monotonic() - start:.1f} s)", flush=True)

    def skip(self, what, reason):
        if IN_CI:
            self.failed += 1
        print(f"{'FAILED' if IN_CI else 'skipped'} {what}: {reason}", flush=True)


def main():
    tally = Tally(sys.argv[1:])
    api, pages = tally.wants(test_api.TESTS), tally.wants(test_pages.TESTS)
    for test in tally.wants(test_commands.TESTS + test_adapters.TESTS + test_embedding.TESTS + test_training.TESTS):
        tally.run(test)
    try:
        if not api and not pages:
            raise StopIteration
        with Server() as server:
            for test in api:
                tally.run(test, server)
            try:
                driver = Driver() if pages else None
            except Skipped as reason:
                tally.skip("pages", reason)
            else:
                for test in pages:
                    tally.run(test, server, driver)
                if driver:
                    driver.close()
    except Skipped as reason:
        tally.skip("everything that is served", reason)
    except StopIteration:
        pass
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


sys.exit(main())
