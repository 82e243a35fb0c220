"""`pallet embed`, `pallet rerank` and `--prefix-cache` as programs meet them."""

import json
import math
import os
import pathlib
import shutil
import stat
import struct
import subprocess
import tempfile

from serving import BINARY, SHARED, Skipped
from test_commands import fails, home

TEXTS = ["hello world", "", "仓库 shelf", "a"]


def tiny(name, file="model.gguf"):
    path = SHARED / "reference" / "models" / name / file
    if not path.exists():
        raise Skipped(f"no {path} (set PALLET_SHARED)")
    return path


def run(*arguments, given="", language="en_US.UTF-8"):
    """Exit code, lines of standard output, standard error."""
    result = subprocess.run(
        [str(BINARY), *map(str, arguments)], input=given, capture_output=True, text=True, timeout=120,
        env={**os.environ, "LC_ALL": language})
    return result.returncode, result.stdout.splitlines(), result.stderr


def embed(*arguments, given):
    code, lines, said = run("embed", "--model", tiny("bert-cls"), *arguments, given=given)
    assert code == 0, said
    return [json.loads(line) for line in lines]


def embedding_of_lines_and_lists_is_one():
    vectors = embed(given="".join(json.dumps(t) + "\n" for t in TEXTS))
    assert len(vectors) == len(TEXTS) and all(len(v) == 64 for v in vectors)
    assert embed(given=json.dumps(TEXTS, indent=1)) == vectors
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "texts.jsonl"
        file.write_text("".join(json.dumps(t, ensure_ascii=False) + "\r\n" for t in TEXTS))
        assert embed("--input", file, given="") == vectors
    # Alone, behind a prefix, and with more threads.
    assert embed("--threads", "3", given='"a"\n') == [vectors[3]]
    assert embed("--prefix", "hello ", given='"world"\n') == [vectors[0]]
    for vector in vectors:
        assert abs(math.sqrt(sum(x * x for x in vector)) - 1) < 1e-6
        # Each number is the shortest that reads back to an f32.
        assert all(struct.unpack("f", struct.pack("f", x))[0] == struct.unpack("f", struct.pack("f", float(repr(x))))[0]
                   for x in vector)
    raw = embed("--no-normalize", given='"a"\n')[0]
    length = math.sqrt(sum(x * x for x in raw))
    assert abs(length - 1) > 1e-3 and all(abs(x / length - y) < 1e-6 for x, y in zip(raw, vectors[3]))
    assert embed("--pooling", "mean", given='"a"\n')[0] != vectors[3]
    assert embed(given="") == [] and embed(given="[]") == []


def embedding_of_bad_input_names_the_line():
    model = tiny("bert-cls")
    for given, place in (('"a"\n7\n', "line 2"), ('"a"\n\n"b"\n', "line 2"), ('"a"\n"b\n', "line 2"),
                         ('["a", 1]', "item 2"), ('{"a": 1}\n', "line 1"), ("hello\n", "line 1")):
        code, lines, said = run("embed", "--model", model, given=given)
        assert code == 65 and place in said and not lines, (given, code, said)
        assert "template" not in said, said
    code, _, said = run("embed", "--model", model, given='"a"\n"托盘" x\n')
    assert code == 65 and "line 2, column 6" in said, said
    code, _, said = run("embed", "--model", model, given='"a"\n"托盘" x\n', language="zh_CN.UTF-8")
    assert code == 65 and "第 2 行第 6 列" in said and "模板" not in said, said
    code, _, said = run("embed", "--model", model, "--pooling", "max", given='"a"\n')
    assert code == 64 and "--pooling" in said, said
    code, _, said = run("embed", "--model", tiny("qwen2"), given='"a"\n')
    assert code == 65 and "pooling" in said, said
    code, _, said = run("embed", "--model", tiny("qwen2"), given='"a"\n', language="zh_CN.UTF-8")
    assert code == 65 and "句向量" in said, said
    code, lines, said = run("embed", "--model", model, given=json.dumps("long text " * 300) + "\n")
    assert code == 0 and len(lines) == 1 and "note: 1 texts" in said, said


def reranking_scores_and_chooses():
    task = {"query": "is it so?", "documents": ["no", "yes it is", "rain in may"]}
    model = tiny("bert-reranker")
    code, lines, said = run("rerank", "--model", model, given=json.dumps(task) + "\n" + json.dumps(task) + "\n")
    assert code == 0, said
    scores = json.loads(lines[0])["scores"]
    assert len(lines) == 2 and lines[0] == lines[1] and len(scores) == 3 and all(0 <= s <= 1 for s in scores)
    code, lines, said = run("rerank", "--model", model, "--top-n", "2", given=json.dumps([task]))
    best = json.loads(lines[0])
    assert code == 0 and best["order"] == sorted(range(3), key=lambda i: -scores[i])[:2], best
    assert best["scores"] == [scores[i] for i in best["order"]]
    for given in ('{"query": "q"}', '{"query": "q", "documents": [1]}', '"q"', '{"query"'):
        code, lines, said = run("rerank", "--model", model, given=given + "\n")
        assert code == 65 and "line 1" in said and not lines, (given, code, said)
    code, _, said = run("rerank", "--model", tiny("bert-mean"), given=json.dumps(task) + "\n")
    assert code == 65 and "reranker" in said, said


def saved_prefixes_change_no_answer():
    with tempfile.TemporaryDirectory() as folder:
        cache = pathlib.Path(folder) / "prefixes"
        prompt = "Once upon a time there was a warehouse full of pallets. " * 3

        def generate(*arguments, model="qwen2"):
            code, lines, said = run(
                "generate", "--model", tiny(model), "--prompt", prompt, "--max-tokens", 8, "--ignore-eos", *arguments)
            assert code == 0, said
            return lines, said

        plain, _ = generate()
        first, said = generate("--prefix-cache", cache)
        assert first == plain and "(0 cached)" in said, said
        files = list(cache.glob("*.prefix"))
        assert len(files) == 1 and stat.S_IMODE(cache.stat().st_mode) == 0o700
        assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
        again, said = generate("--prefix-cache", cache)
        assert again == plain and "(0 cached)" not in said, said
        # The exact path has keys and values of its own.
        _, said = generate("--prefix-cache", cache, "--compute", "f32")
        assert "(0 cached)" in said and len(list(cache.glob("*.prefix"))) == 2, said
        content = files[0].read_bytes()
        files[0].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        mended, said = generate("--prefix-cache", cache)
        assert mended == plain and "computed anew" in said and files[0].read_bytes() == content, said
    code, _, said = run(
        "generate", "--model", tiny("qwen2"), "--prompt", "a", "--prefix-cache", "/proc/none", language="zh_CN.UTF-8")
    assert code in (73, 77) and "--prefix-cache" in said, (code, said)
    for command in (("generate", "--prompt", "a"), ("serve",)):
        fails(64, *command, "--model", tiny("qwen2"), "--prefix-cache", "",
              chinese=["--prefix-cache 需要一个目录"], english=["--prefix-cache needs a folder"])


def an_unknown_way_to_compute_is_refused_with_those_there_are():
    qwen, bert = tiny("qwen2"), tiny("bert-cls")
    with home() as folder:
        tokens = folder / "tokens.json"
        tokens.write_text("[[1, 2]]")
        for command in (("generate", "--model", qwen, "--prompt", "a"), ("embed", "--model", bert),
                        ("rerank", "--model", bert), ("bench", "--model", qwen),
                        ("model", "logits", "--model", qwen, "--tokens", tokens, "--output", folder / "out")):
            fails(64, *command, "--compute", "foo", chinese=["--compute", "foo", "integer", "f32"],
                  english=["--compute", "foo", "integer", "f32"])
        assert [path.name for path in folder.iterdir()] == ["tokens.json"]


def models_that_write_nothing_are_sent_to_their_command():
    with home() as folder:
        for file, commands in ((tiny("bert-cls"), ("pallet embed", "--embedder")),
                               (tiny("bert-reranker"), ("pallet rerank", "--reranker"))):
            for model in (file, file.parent):
                for command in (("generate", "--prompt", "x"), ("bench",), ("serve", "--home", folder / "home")):
                    fails(65, *command, "--model", model, chinese=commands, english=commands)


def names_that_are_taken_are_not_served_twice():
    bert, reranker, qwen = tiny("bert-cls").parent, tiny("bert-reranker").parent, tiny("qwen2").parent
    with home() as folder:
        others = {name: folder / name for name in ("a", "b")}
        for place in others.values():
            place.mkdir()
        # The same name from another folder, the same folder twice, and the name of the model that writes.
        for name, source in (("bert-cls", bert), ("bert-reranker", reranker), ("qwen2", bert)):
            for place in others.values():
                shutil.copytree(source, place / name)
        cases = [("--embedder", bert, "--embedder", others["a"] / "bert-cls"), ("--embedder", bert, "--embedder", bert),
                 ("--embedder", others["a"] / "qwen2"), ("--reranker", reranker, "--reranker", reranker),
                 ("--reranker", others["a"] / "bert-reranker", "--reranker", others["b"] / "bert-reranker")]
        for options in cases:
            name = pathlib.Path(options[-1]).name
            fails(64, "serve", "--home", folder / "home", "--model", qwen, "--port", 0, *options,
                  chinese=[f"模型名 {name} 已被占用"], english=[f"the model name {name} is taken"])


TESTS = [
    embedding_of_lines_and_lists_is_one, embedding_of_bad_input_names_the_line, reranking_scores_and_chooses,
    saved_prefixes_change_no_answer, an_unknown_way_to_compute_is_refused_with_those_there_are,
    models_that_write_nothing_are_sent_to_their_command, names_that_are_taken_are_not_served_twice,
]
