"""llama.cpp and Pallet in turns on the same files: prefill, decode, decode behind a long context, decode beside busy
processes, and the time from the start of the process to the first token.

Every round asks one program after the other, so that a disturbance of the machine meets both; what counts is the ratio
of their medians, with the smallest and the largest ratio of a round beside it. llama.cpp is measured with and without
flash attention and the better median counts. Prints one line of JSON for each test and file, and a table at the end on
standard error.

    python inference.py model.gguf other.gguf --pallet .build/release/pallet --busy 2
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

TESTS = ["prefill", "decode", "depth", "busy", "start"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="GGUF files")
    parser.add_argument("--pallet", default=".build/release/pallet", help="the program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512, help="tokens of a prefill")
    parser.add_argument("--generate", type=int, default=64, help="tokens of a decode")
    parser.add_argument("--depth", type=int, default=4096, help="tokens in the cache before the deep decode")
    parser.add_argument("--busy", type=int, default=2, help="busy processes beside the test `busy`")
    parser.add_argument("--busy-depth", type=int, default=0, help="tokens in the cache before that decode")
    parser.add_argument("--tests", default=",".join(TESTS), help="which ones, with commas between")
    parser.add_argument("--bench-options", default="", help="more options of `pallet bench`, as one text")
    parser.add_argument("--worker", choices=["on", "off"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.tests.split(",")) - set(TESTS)
    if unknown:
        parser.error(f"unknown tests: {', '.join(sorted(unknown))}; known: {', '.join(TESTS)}")
    return options


class Program:
    """A process that answers `prefill N` and `decode N` with a line of JSON."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} ended without an answer to `{line}`")
        return json.loads(answer)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def programs(model, options):
    common = ["--threads", str(options.threads), "--generate", str(options.generate)]
    context = max(options.prompt, options.depth + options.generate, options.busy_depth + options.generate) + 64
    worker = [sys.executable, os.path.abspath(__file__), model, *common, "--depth", str(context), "--worker"]
    return {
        "pallet": Program("pallet", [
            options.pallet, "bench", "--model", model, *common, "--in-turns", *options.bench_options.split()]),
        "llama.cpp, flash attention": Program("llama.cpp", [*worker, "on"]),
        "llama.cpp": Program("llama.cpp", [*worker, "off"]),
    }


def serve_llama(model, options):
    """The other side of `Program`: llama.cpp in this process."""
    from llama_cpp import Llama

    llama = Llama(
        model, n_ctx=options.depth, n_threads=options.threads, n_threads_batch=options.threads, n_batch=512,
        n_ubatch=512, flash_attn=options.worker == "on", verbose=False)
    vocabulary = llama.n_vocab()

    def tokens(first, count):
        return [(index * 7919 + 13) % vocabulary for index in range(first, first + count)]

    held = 0  # positions in the cache that tests count on
    for line in sys.stdin:
        test, number = line.split()[0], int(line.split()[1])
        if test == "prefill":
            llama.reset()
            held = 0
            ids = tokens(0, number)
            start = time.perf_counter()
            llama.eval(ids)
            count = number
        else:
            if held != number:
                llama.reset()
                for first in range(0, number, 512):
                    llama.eval(tokens(first, min(512, number - first)))
                held = number
            # What lies behind is taken out of the cache by the next call.
            llama.n_tokens = number
            start = time.perf_counter()
            for index in range(options.generate):
                llama.eval(tokens(number + index, 1))
            count = options.generate
        print(json.dumps({"tokens_per_second": count / (time.perf_counter() - start)}), flush=True)


class Busy:
    """Processes that take the cores away, for as long as the block lasts."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(self.count)]
        time.sleep(0.2)

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def read_rate(program):
    """Bytes per second that reading memory reaches now."""
    return program.ask("limits 0")[-1]["read_bytes_per_second"]


def rounds(running, line, options):
    """Tokens per second of each program in each round, and Pallet's shares of the limit.

    On a shared machine the rate of memory can change within seconds, by a factor of almost two where this was written.
    So it is measured before and behind each decode, and the share is that of their mean; where the two differ by more
    than a tenth the machine changed meanwhile, and the round's share does not count.
    """
    rates, shares, limit = {name: [] for name in running}, [], None
    for program in running.values():
        program.ask(line)  # fills caches and wakes threads; not counted
    for _ in range(options.rounds):
        before = read_rate(running["pallet"])
        for name, program in running.items():
            answer = program.ask(line)
            rates[name].append(answer["tokens_per_second"])
            if name != "pallet":
                continue
            limit = answer
            if line.startswith("decode") and answer.get("share_of_limit"):
                after = read_rate(program)
                if abs(after - before) <= 0.1 * max(after, before):
                    shares.append((answer["bytes_per_second"] / ((before + after) / 2), (before + after) / 2))
            elif answer.get("share_of_limit"):
                shares.append((answer["share_of_limit"], None))
    return rates, shares, limit


def compared(rates):
    """The ratio of medians, and of the rounds; the better of the peer's two ways counts."""
    peer = max((name for name in rates if name != "pallet"), key=lambda name: statistics.median(rates[name]))
    ours, theirs = statistics.median(rates["pallet"]), statistics.median(rates[peer])
    each = [a / b for a, b in zip(rates["pallet"], rates[peer])]
    return {
        "pallet": round(ours, 2), "peer": round(theirs, 2), "peer_is": peer, "ratio": round(ours / theirs, 3),
        "ratio_spread": [round(min(each), 3), round(max(each), 3)],
        "rounds": {name: [round(rate, 2) for rate in values] for name, values in rates.items()},
    }


def speed(running, name, line, options):
    rates, shares, answer = rounds(running, line, options)
    result = {"test": name, "line": line, **compared(rates)}
    if shares:
        share = statistics.median(share for share, _ in shares)
        result["pallet_share_of_limit"] = round(share, 3)
        result["rounds_with_a_steady_limit"] = len(shares)
        result["shares"] = [(round(share, 3), limit and round(limit / 1e9, 1)) for share, limit in shares]
        # Both read the same file, so that the peer's share is in proportion.
        result["peer_share_of_limit"] = round(share / result["ratio"], 3)
    if answer.get("bytes_per_second"):
        per_token = answer["bytes_per_second"] / answer["tokens_per_second"]
        result["bytes_per_token"] = round(per_token)
    return result


def busy(running, options):
    """The share of the undisturbed decode speed that is left beside busy processes."""
    line = f"decode {options.busy_depth}"
    quiet, disturbed = {name: [] for name in running}, {name: [] for name in running}
    for program in running.values():
        program.ask(line)
    for _ in range(options.rounds):
        for name, program in running.items():
            quiet[name].append(program.ask(line)["tokens_per_second"])
            with Busy(options.busy):
                disturbed[name].append(program.ask(line)["tokens_per_second"])
    left = {name: statistics.median(disturbed[name]) / statistics.median(quiet[name]) for name in running}
    return {
        "test": f"busy {options.busy}", "line": line, **compared(disturbed),
        "left": {name: round(share, 3) for name, share in left.items()},
        "quiet": {name: round(statistics.median(values), 2) for name, values in quiet.items()},
    }


def first_token(command):
    """Seconds until the first byte of the answer, and the most memory of the process in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.read(1)
    seconds = time.perf_counter() - start
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return seconds, usage.ru_maxrss * 1024


LLAMA_START = """
import sys, time
from llama_cpp import Llama
start = time.perf_counter()
llama = Llama(sys.argv[1], n_ctx=2048, n_threads=int(sys.argv[2]), verbose=False)
llama.eval(llama.tokenize(b"The capital of France is"))
print(time.perf_counter() - start)
"""


def start(model, options):
    """From the start of the process to the first token; of llama.cpp from behind Python's imports on."""
    pallet = [options.pallet, "generate", "--model", model, "--threads", str(options.threads), "--max-tokens", "1",
              "--ignore-eos", "--prompt", "The capital of France is", "--json"]
    peer = [sys.executable, "-c", LLAMA_START, model, str(options.threads)]
    seconds, memory, theirs, their_memory = [], [], [], []
    first_token(pallet)  # the file is in the page cache from here on
    for _ in range(options.rounds):
        taken, held = first_token(pallet)
        seconds.append(taken)
        memory.append(held)
        done = subprocess.Popen(peer, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        theirs.append(float(done.stdout.read()))
        their_memory.append(os.wait4(done.pid, 0)[2].ru_maxrss * 1024)
    return {
        "test": "first token", "line": "seconds after the start of the process",
        "pallet": round(statistics.median(seconds), 3), "peer": round(statistics.median(theirs), 3),
        "peer_is": "llama.cpp, imports not counted",
        "ratio": round(statistics.median(theirs) / statistics.median(seconds), 3),
        "ratio_spread": [round(min(theirs) / max(seconds), 3), round(max(theirs) / min(seconds), 3)],
        "file_bytes": os.path.getsize(model), "pallet_peak_bytes": max(memory), "peer_peak_bytes": max(their_memory),
    }


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")


def table(results):
    rows = [("file", "test", "pallet", "llama.cpp", "ratio", "spread", "of limit", "")]
    for r in results:
        more = ""
        if "left" in r:
            more = ", ".join(f"{name} keeps {share:.0%}" for name, share in r["left"].items())
        if "pallet_peak_bytes" in r:
            over = (r["pallet_peak_bytes"] - r["file_bytes"]) / 1e6
            more = f"{r['pallet_peak_bytes'] / 1e6:.0f} MB = file + {over:.0f} MB"
        share = ""
        if "pallet_share_of_limit" in r:
            share = f"{r['pallet_share_of_limit']:.0%} ({r['rounds_with_a_steady_limit']} rounds)"
        rows.append((
            os.path.basename(r["model"]), f"{r['test']} ({r['line']})", f"{r['pallet']:.2f}", f"{r['peer']:.2f}",
            f"{r['ratio']:.2f}", "{:.2f}–{:.2f}".format(*r["ratio_spread"]), share, more))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def main():
    options = arguments()
    if options.worker:
        return serve_llama(options.models[0], options)
    tests, results, cpu = options.tests.split(","), [], processor()
    lines = {"prefill": f"prefill {options.prompt}", "decode": "decode 0", "depth": f"decode {options.depth}"}

    def report(model, result):
        result = {"model": model, "cpu": cpu, "threads": options.threads, **result}
        results.append(result)
        print(json.dumps(result), flush=True)

    for model in options.models:
        if "start" in tests:
            report(model, start(model, options))
        if set(tests) == {"start"}:
            continue
        running = programs(model, options)
        for name in ["prefill", "decode", "depth"]:
            if name in tests:
                report(model, speed(running, name, lines[name], options))
        if "busy" in tests:
            report(model, busy(running, options))
        for program in running.values():
            program.end()
    print(table(results), file=sys.stderr)


if __name__ == "__main__":
    main()
