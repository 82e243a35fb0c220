"""An index of many passages, to time queries on: texts of drawn sentences, vectors of drawn passages with noise.

    python large.py texts SOURCE… --output FOLDER --passages 100000     # sentences of these texts, drawn at random
    pallet corpus build FOLDER --name large && pallet index build --corpus large --words-only
    python large.py vectors --home HOME --index large --like company    # with the vectors of another index of that home

The second step stands in for hours of embedding: every passage gets the vector of some passage of the other index,
moved by noise of `--noise` times its length, and that one's sentence vectors as they are. So the time of a query is
that of a real index of this size; what it finds means nothing. All draws follow `--seed`.
"""

import argparse
import os
import random
import re
import sqlite3

import numpy as np


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    steps = parser.add_subparsers(dest="step", required=True)
    texts = steps.add_parser("texts")
    texts.add_argument("sources", nargs="+", help="text files")
    texts.add_argument("--output", required=True, help="folder")
    texts.add_argument("--passages", type=int, default=100_000)
    vectors = steps.add_parser("vectors")
    vectors.add_argument("--home", required=True)
    vectors.add_argument("--index", required=True)
    vectors.add_argument("--like", required=True, help="an index with vectors")
    vectors.add_argument("--noise", type=float, default=0.3)
    return parser.parse_args()


def write_texts(options):
    """Documents of about 100 passages, each passage a paragraph of about 280 characters."""
    sentences = []
    for path in options.sources:
        with open(path, encoding="utf-8") as file:
            sentences += [part for part in re.split(r"(?<=[。！？；])|\n", file.read()) if 10 <= len(part) <= 120]
    draw = random.Random(options.seed)
    os.makedirs(options.output, exist_ok=True)
    for number in range(0, options.passages, 100):
        paragraphs = []
        for _ in range(min(100, options.passages - number)):
            text = ""
            while len(text) < 260:
                text += draw.choice(sentences).strip()
            paragraphs.append(text)
        with open(os.path.join(options.output, f"{number // 100:05d}.txt"), "w", encoding="utf-8") as file:
            file.write("\n\n".join(paragraphs) + "\n")


def active(database, name):
    """Version and vectors' space of the index in use."""
    return database.execute(
        "SELECT v.id, v.vector_space FROM knowledge_index i JOIN index_version v ON v.id = i.active_version "
        "WHERE i.name = ?", [name]).fetchone()


def passages(database, version):
    return [row[0] for row in database.execute(
        "SELECT p.id FROM passage p JOIN version_document v ON v.document_id = p.document_id WHERE v.version_id = ? "
        "ORDER BY p.id", [version])]


def quantised(vector):
    """A vector as the index stores it: the scale as f32, then a byte for each value."""
    step = np.float32(np.abs(vector).max() / 127)
    return step.tobytes() + np.rint(vector / step).astype(np.int8).tobytes()


def write_vectors(options):
    draw = np.random.default_rng(options.seed)
    database = sqlite3.connect(os.path.join(options.home, "pallet.sqlite"))
    known, space = active(database, options.like)
    version, _ = active(database, options.index)
    stored = [
        database.execute("SELECT vector, sentences FROM passage_vector WHERE passage_id = ?", [passage]).fetchone()
        for passage in passages(database, known)]
    vectors = [
        np.frombuffer(row[0], np.float32, 1)[0] * np.frombuffer(row[0], np.int8, offset=4).astype(np.float32)
        for row in stored]
    with database:
        for passage in passages(database, version):
            place = int(draw.integers(len(stored)))
            moved = vectors[place] + draw.normal(0, options.noise / len(vectors[place]) ** 0.5, len(vectors[place]))
            database.execute(
                "INSERT OR REPLACE INTO passage_vector (passage_id, vector, sentences) VALUES (?, ?, ?)",
                [passage, quantised(moved / np.linalg.norm(moved)), stored[place][1]])
        database.execute("UPDATE index_version SET vector_space = ? WHERE id = ?", [space, version])


if __name__ == "__main__":
    chosen = arguments()
    write_texts(chosen) if chosen.step == "texts" else write_vectors(chosen)
