"""How far Pallet's default path and llama.cpp are from the exact one on the same GGUF file.

Exact is `--compute f32`: the dequantised weights, activations and cache in f32. For every position of every text the
KL divergence of the others' distributions from the exact one is taken over the whole vocabulary, in float64 and in
nats. Where a text comes with the listed logits of another exact implementation, the exact path is checked against
those. Prints one line of JSON for each model, and a table at the end on standard error. No clock: it may run beside
other work.

    python divergence.py model.gguf --texts texts/ --pallet .build/release/pallet

Texts are plain files (`.txt`, `.md`), or `.json` whose `prompts` hold for each name a `text` in which control tokens
are meant (as in the reference data; a `.safetensors` beside it may hold `NAME.top_ids`, `.top_logits`, `.logsumexp`).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="GGUF files")
    parser.add_argument("--texts", nargs="+", required=True, help="files of texts")
    parser.add_argument("--pallet", default=".build/release/pallet", help="the program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--window", type=int, default=512, help="tokens of a text that are read, at most")
    parser.add_argument("--flash", action="store_true", help="llama.cpp with flash attention")
    parser.add_argument("--scratch", help="folder for what is large (default: the system's)")
    return parser.parse_args()


def texts(paths):
    """(name, text, whether control tokens are meant, file of listed logits)"""
    for path in paths:
        if path.endswith(".json"):
            with open(path, encoding="utf-8") as file:
                prompts = json.load(file)["prompts"]
            listed = path[: -len("json")] + "safetensors"
            for name, prompt in sorted(prompts.items()):
                yield name, prompt["text"], True, listed if os.path.exists(listed) else None
        else:
            with open(path, encoding="utf-8") as file:
                yield os.path.basename(path), file.read(), False, None


def safetensors(path):
    """The tensors of a file by name, as views of it."""
    types = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, "r", 8 + length)
    return {
        name: data[slice(*entry["data_offsets"])].view(types[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items() if name != "__metadata__"
    }


def pallet_logits(model, ids, compute, options, folder):
    """[tokens, vocabulary] for each list of tokens."""
    tokens, output = os.path.join(folder, "tokens.json"), os.path.join(folder, f"{compute}.safetensors")
    with open(tokens, "w", encoding="utf-8") as file:
        json.dump(ids, file)
    subprocess.run(
        [options.pallet, "model", "logits", "--model", model, "--tokens", tokens, "--output", output,
         "--compute", compute, "--threads", str(options.threads)], check=True)
    tensors = safetensors(output)
    return [tensors[name] for name in ordered(tensors)]


def ordered(names):
    """By the number in the name."""
    return sorted(names, key=lambda name: int("".join(filter(str.isdigit, name)) or 0))


def log_probabilities(logits):
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=-1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(axis=-1, keepdims=True))


class Distance:
    """Of one program from the exact path, over all positions of all texts."""

    def __init__(self):
        self.divergences, self.same, self.largest = [], [], 0.0

    def add(self, exact, other):
        for want, got in zip(exact, other):
            p, q = log_probabilities(want), log_probabilities(got)
            self.divergences.append(float((np.exp(p) * (p - q)).sum()))
            self.same.append(bool(want.argmax() == got.argmax()))
            self.largest = max(self.largest, float(np.abs(want - got).max()))

    def summary(self):
        kl = np.array(self.divergences)
        return {
            "mean_kl": float(kl.mean()), "standard_error": float(kl.std() / max(1, len(kl)) ** 0.5),
            "median_kl": float(np.median(kl)), "p99_kl": float(np.quantile(kl, 0.99)), "max_kl": float(kl.max()),
            "same_first": float(np.mean(self.same)), "largest_difference": self.largest,
        }


def compare(model, options):
    from llama_cpp import Llama

    llama = Llama(
        model, n_ctx=options.window, n_batch=512, n_threads=options.threads, n_threads_batch=options.threads,
        logits_all=True, flash_attn=options.flash, verbose=False)
    ours, theirs, checked = Distance(), Distance(), None
    positions, per_text = 0, {}
    seen, once = set(), []
    for name, text, control, listed in texts(options.texts):
        ids = llama.tokenize(text.encode(), add_bos=False, special=control)[: options.window]
        with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
            exact = pallet_logits(model, [ids], "f32", options, folder)[0]
            default = pallet_logits(model, [ids], "integer", options, folder)[0]
            llama.reset()
            llama.eval(ids)
            peer = llama.scores[: len(ids)]
            first = positions
            for end in range(1, len(ids) + 1):
                once.append(tuple(ids[:end]) not in seen)
                seen.add(tuple(ids[:end]))
            positions += len(ids)
            ours.add(exact, default)
            theirs.add(exact, peer)
            per_text[name] = {
                "tokens": len(ids), "pallet_mean_kl": float(np.mean(ours.divergences[first:])),
                "llama_cpp_mean_kl": float(np.mean(theirs.divergences[first:]))}
            if listed:
                known = safetensors(listed)
                want = known[f"{name}.top_logits"] - known[f"{name}.logsumexp"][:, None]
                got = np.stack([
                    log_probabilities(row)[ranks] for row, ranks in zip(exact, known[f"{name}.top_ids"])])
                checked = max(checked or 0.0, float(np.abs(want - got).max()))
        print(f"{name}: {per_text[name]}", file=sys.stderr, flush=True)
    one, two = np.array(ours.divergences), np.array(theirs.divergences)
    # Both see the same positions: the difference is less uncertain than either mean.
    difference = one - two
    # Texts that begin alike have the same distributions there.
    distinct = np.array(once)
    return {
        "model": model, "texts": len(per_text), "positions": positions, "flash_attention": options.flash,
        "pallet": ours.summary(), "llama.cpp": theirs.summary(), "ratio": float(one.mean() / two.mean()),
        "difference": float(difference.mean()),
        "difference_standard_error": float(difference.std() / max(1, len(difference)) ** 0.5),
        "distinct": {
            "positions": int(distinct.sum()), "pallet_mean_kl": float(one[distinct].mean()),
            "llama_cpp_mean_kl": float(two[distinct].mean()),
            "share_where_pallet_is_nearer": float((one < two)[distinct].mean())},
        "exact_to_listed": checked, "per_text": per_text,
    }


def table(results):
    rows = [("file", "positions", "program", "mean KL", "±", "median", "99 %", "same first")]
    for result in results:
        for name in ("pallet", "llama.cpp"):
            of = result[name]
            rows.append((
                os.path.basename(result["model"]), str(result["positions"]), name, f"{of['mean_kl']:.6f}",
                f"{of['standard_error']:.6f}", f"{of['median_kl']:.6f}", f"{of['p99_kl']:.5f}",
                f"{of['same_first']:.4f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def main():
    options = arguments()
    results = []
    for model in options.models:
        results.append(compare(model, options))
        print(json.dumps(results[-1]), flush=True)
    print(table(results), file=sys.stderr)


if __name__ == "__main__":
    main()
