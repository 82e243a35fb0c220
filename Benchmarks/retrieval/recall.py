"""What retrieval finds by words alone, by vectors alone, and by both; and how long a query takes.

    python recall.py --home HOME --index company --questions Examples/demo-company/questions.jsonl

Questions are JSON lines: `question` with `documents` (paths, any of which is right) and perhaps `answerable`, as the
demo's; or `query` with `passages` and `answer` (the place of the right one), as the reference data's, where every
passage is a document of the index (`--write FOLDER` writes them, to be read by `pallet corpus build`). Recall@k is the share of
the questions for which one of the first k passages is right; times are medians over all questions but the first, which
reads the table of vectors. Prints one line of JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", required=True, help="JSON lines")
    parser.add_argument("--write", help="only write the passages of the questions into this folder, one a file")
    parser.add_argument("--home", default="pallet-home")
    parser.add_argument("--index")
    parser.add_argument("--pallet", default=".build/release/pallet", help="the program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--sides", default="words,vectors,both", help="which ones, with commas between")
    parser.add_argument("--times-only", action="store_true", help="for an index that holds none of the answers")
    return parser.parse_args()


def questions(path):
    """(question, whether a hit is right, kind) for each that can be answered"""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            if not item.get("answerable", True):
                continue
            if "passages" in item:
                right = item["passages"][item["answer"]]
                yield item["query"], lambda hit, right=right: right in hit["text"], item["kind"]
            else:
                yield item["question"], lambda hit, right=set(item["documents"]): hit["document"] in right, item["kind"]


def write_passages(path, folder):
    os.makedirs(folder, exist_ok=True)
    with open(path, encoding="utf-8") as lines:
        passages = dict.fromkeys(passage for line in lines for passage in json.loads(line)["passages"])
    for number, passage in enumerate(passages):
        with open(os.path.join(folder, f"{number:04d}.txt"), "w", encoding="utf-8") as file:
            file.write(passage + "\n")
    print(f"{len(passages)} passages", file=sys.stderr)


def searched(queries, side, options):
    """What the program finds for each query."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for query in queries:
            file.write(json.dumps(query, ensure_ascii=False) + "\n")
        file.flush()
        command = [options.pallet, "search", "--queries", file.name, "--by", side, "--limit", "5", "--home",
                   options.home, "--threads", str(options.threads)]
        command += ["--index", options.index] if options.index else []
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    options = arguments()
    if options.write:
        return write_passages(options.questions, options.write)
    listed = list(questions(options.questions))
    result = {"index": options.index, "questions": len(listed)}
    for side in options.sides.split(","):
        found = searched([question for question, _, _ in listed], side, options)
        ranks = [
            next((rank for rank, hit in enumerate(answer["hits"], 1) if right(hit)), None)
            for (_, right, _), answer in zip(listed, found, strict=True)]
        warm = found[1:]
        of = {
            "milliseconds": round(statistics.median(answer["milliseconds"] for answer in warm), 2),
            "milliseconds_without_embedding": round(statistics.median(
                answer["milliseconds"] - answer["embeddingMilliseconds"] for answer in warm), 2),
            "embedding_milliseconds": round(statistics.median(answer["embeddingMilliseconds"] for answer in warm), 2),
            "first_milliseconds": round(found[0]["milliseconds"], 1),
        }
        if not options.times_only:
            kinds = {}
            for (_, _, kind), rank in zip(listed, ranks):
                kinds.setdefault(kind, []).append(rank == 1)
            of["recall@1"] = round(sum(rank == 1 for rank in ranks) / len(ranks), 4)
            of["recall@5"] = round(sum(rank is not None for rank in ranks) / len(ranks), 4)
            of["recall@1_by_kind"] = {kind: f"{sum(hits)}/{len(hits)}" for kind, hits in sorted(kinds.items())}
        result[side] = of
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
