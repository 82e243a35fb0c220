"""Commands as people meet them: what goes wrong, in which words, with which exit code, and what it leaves behind."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import tempfile

from serving import BINARY, ROOT, SHARED, Skipped

PAGE = ROOT / "Examples" / "demo-company" / "site-page.txt"
DOCUMENTS = {"a.md": "# 租期\n\n最短租期 30 天，押金 7 天内退回。\n", "b.md": "# 时间\n\n周日不收货，周六照常收货发货。\n"}


@contextlib.contextmanager
def home():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pallet-commands-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(*arguments, language="C"):
    """Exit code, standard output and standard error."""
    environment = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LC_MESSAGES", "LANG")}
    result = subprocess.run(
        [str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=120,
        env={**environment, "LC_ALL": language})
    return result.returncode, result.stdout, result.stderr


def fails(code, *arguments, chinese=(), english=()):
    """The command must end with this code and say these words in these languages, and the Chinese text must be one."""
    for language, words in (("zh_CN.UTF-8", chinese), ("en_US.UTF-8", english)):
        actual, _, said = run(*arguments, language=language)
        assert actual == code, f"{arguments}: {actual}, expected {code}: {said}"
        for word in words:
            assert str(word) in said, f"{arguments} does not say {word!r}: {said}"
        for raw in ("NSCocoa", "Error Domain", "DecodingError", "SQLite error"):
            assert raw not in said, f"{arguments} says {raw}: {said}"
        if language.startswith("zh"):
            for line in filter(None, said.splitlines()):
                assert any("\u4e00" <= c <= "\u9fff" for c in line), f"{arguments}: no Chinese in {line!r}"


def parser_errors_are_in_the_users_language():
    fails(64, "serve", "--prot", "1", chinese=["错误：", "用法：", "--port"], english=["Error: ", "Usage: "])
    fails(64, "corpus", "build", chinese=["错误：缺少参数", "用法："], english=["Error: Missing expected argument"])
    fails(64, "serve", "--port", "x", chinese=["'x' 无效"], english=["The value 'x' is invalid"])
    code, shown, _ = run("ask", "--help", language="zh_CN.UTF-8")
    assert code == 0 and "用法：" in shown and "选项：" in shown and "OPTIONS" not in shown, shown
    code, shown, _ = run("ask", "--help", language="en_US.UTF-8")
    assert code == 0 and "USAGE: " in shown, shown


def models_that_are_none_are_said_so():
    fails(66, "generate", "--model", "none", "--prompt", "x", chinese=["没有叫“none”的模型"], english=["\"none\""])
    whole = SHARED / "reference" / "models" / "qwen2" / "model.gguf"
    if not whole.is_file():
        raise Skipped("no reference folder")
    data = whole.read_bytes()
    with home() as folder:
        cut = folder / "cut.gguf"
        cut.write_bytes(data[:len(data) // 2])
        sizes = [len(data), len(data) // 2]
        fails(65, "generate", "--model", cut, "--prompt", "x", chinese=["不完整", *sizes], english=["incomplete", *sizes])
        other = folder / "other.gguf"
        other.write_bytes(data.replace(b"qwen2", b"qwenX"))
        fails(65, "generate", "--model", other, "--prompt", "x", chinese=["不支持架构 qwenX", "qwen2"], english=["qwenX"])
        long = "word " * 4000
        fails(65, "generate", "--model", whole, "--prompt", long, chinese=["256", "缩短"], english=["256"])


def a_wrong_host_is_said_before_a_model_is_loaded():
    with home() as folder:
        fails(68, "serve", "--home", folder, "--model", "none", "--host", "256.1.1.1",
              chinese=["256.1.1.1", "--host"], english=["256.1.1.1", "--host"])


def a_home_or_port_that_is_taken_is_said_so():
    with home() as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        tiny = SHARED / "reference" / "models" / "qwen2" / "model.gguf"
        if tiny.is_file():
            fails(69, "serve", "--home", folder, "--model", tiny, "--port", port, chinese=[port, "--port"], english=[port, "--port"])
        # The lock of a server, as the server takes it.
        with open(folder / "pallet.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write("process 4711\n")
            lock.flush()
            fails(75, "serve", "--home", folder, "--model", "none", chinese=["另一个服务", "4711", "--home"], english=["4711", "--home"])


def names_that_lead_elsewhere_are_refused():
    with home() as folder:
        inside = folder / "home"
        documents = folder / "documents"
        documents.mkdir()
        for name in ("../x", "a/b", ".x"):
            fails(64, "corpus", "build", documents, "--name", name, "--home", inside, chinese=[name], english=[name])
            fails(64, "index", "build", "--corpus", "c", "--name", name, "--home", inside, chinese=[name], english=[name])
            fails(64, "index", "build", "--corpus", name, "--home", inside, chinese=[name], english=[name])
        assert sorted(p.name for p in folder.iterdir()) in (["documents"], ["documents", "home"])


def homes_without_data_say_what_to_do():
    with home() as folder:
        for arguments in (("ask", "--question", "a"), ("search", "--query", "a"), ("site", "stations"), ("key", "list")):
            fails(66, *arguments, "--home", folder, chinese=["--home"], english=["--home"])
        (folder / "pallet.sqlite").touch()
        for arguments in (("search", "--query", "a"), ("site", "stations")):
            fails(66, *arguments, "--home", folder, chinese=["中途停止", "pallet site import"],
                  english=["stopped", "pallet site import"])
        assert run("site", "import", PAGE, "--home", folder)[0] == 0
        fails(66, "search", "--query", "a", "--home", folder, chinese=["pallet index build"], english=["pallet index build"])


def a_write_that_was_cut_off_is_undone_by_a_reader():
    with home() as folder:
        made, killed = folder / "made", folder / "killed"
        assert run("site", "import", PAGE, "--home", made)[0] == 0
        stations = run("site", "stations", "--home", made)[1]
        assert stations
        killed.mkdir()
        connection = sqlite3.connect(made / "pallet.sqlite", isolation_level=None)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("DELETE FROM station")
        connection.execute("CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT i, hex(randomblob(20)) AS x FROM n")
        # What a kill leaves: pages of the unfinished write in the file, and the journal that takes them back.
        for name in ("pallet.sqlite", "pallet.sqlite-journal"):
            shutil.copy(made / name, killed / name)
        connection.execute("ROLLBACK")
        connection.close()
        assert (killed / "pallet.sqlite-journal").stat().st_size > 0
        code, shown, said = run("site", "stations", "--home", killed)
        assert code == 0 and shown == stations, said


def a_page_is_imported_whole_or_not_at_all():
    with home() as folder:
        # The corpus cannot be written.
        (folder / "corpus").write_text("a file in the place of a folder")
        fails(73, "site", "import", PAGE, "--home", folder)
        code, shown, _ = run("site", "stations", "--home", folder)
        assert shown == "", shown
        assert not list((folder / "site" / "documents").iterdir())
        (folder / "corpus").unlink()
        # The database cannot be written.
        for file in folder.glob("pallet.sqlite*"):
            file.unlink()
        (folder / "pallet.sqlite").mkdir()
        assert run("site", "import", PAGE, "--home", folder)[0] != 0
        assert not (folder / "corpus" / "site").exists()
        (folder / "pallet.sqlite").rmdir()
        # Neither time left anything that stands in the way.
        assert run("site", "import", PAGE, "--home", folder)[0] == 0
        assert run("site", "stations", "--home", folder)[1] != ""
        assert (folder / "corpus" / "site" / "records.jsonl").stat().st_size > 0
        assert [p.name[0] for p in (folder / "site" / "documents").iterdir()] == ["s"]


def folders_in_the_place_of_files_are_said_so():
    with home() as folder:
        fails(66, "site", "import", folder, "--home", folder / "home", chinese=["是目录，应为文本文件"],
              english=["is a folder, expected a text file"])
        fails(66, "site", "import", folder / "none", "--home", folder / "home", chinese=["没有这个文件"], english=["No such file"])
        fails(66, "corpus", "build", folder / "none", "--name", "c", "--home", folder / "home", chinese=["没有目录"], english=["no folder"])


def bad_lines_and_cut_files_are_named():
    with home() as folder:
        documents = folder / "documents"
        documents.mkdir()
        for name, text in DOCUMENTS.items():
            (documents / name).write_text(text, encoding="utf-8")
        inside = folder / "home"
        assert run("corpus", "build", documents, "--name", "c", "--home", inside)[0] == 0
        assert run("index", "build", "--corpus", "c", "--home", inside)[0] == 0
        questions = folder / "questions.jsonl"
        questions.write_text('{"id":"1","question":"租期？"}\n{"id":"2","text":"x"}\n', encoding="utf-8")
        fails(65, "index", "calibrate", "--questions", questions, "--home", inside,
              chinese=["第 2 行", "“question”", "“text”"], english=["Line 2", '"question"', '"text"'])
        answers_many_queries(inside, folder)
        records = inside / "corpus" / "c" / "records.jsonl"
        lines = records.read_bytes().splitlines(keepends=True)
        assert len(lines) == 2
        records.write_bytes(lines[0])
        fails(65, "index", "build", "--corpus", "c", "--home", inside,
              chinese=["1 条记录", "2 条", "pallet corpus build"], english=["1 records", "2 records", "pallet corpus build"])


def answers_many_queries(inside, folder):
    wanted = ["托盘租期", "保证金"]
    queries = folder / "queries.jsonl"
    queries.write_text("".join(json.dumps(q, ensure_ascii=False) + "\n" for q in wanted), encoding="utf-8")
    code, said, _ = run("search", "--queries", queries, "--by", "words", "--home", inside)
    found = [json.loads(line) for line in said.splitlines()]
    assert code == 0 and [f["query"] for f in found] == wanted and all(f["milliseconds"] > 0 for f in found)
    for answer in found:
        alone = run("search", "--query", answer["query"], "--by", "words", "--json", "--home", inside)
        assert alone[0] == 0 and answer["hits"] == json.loads(alone[1])
    assert any(f["hits"] for f in found)
    # Where the machine has an embedder the index has vectors, and the passage of the same meaning comes first.
    code, said, error = run("search", "--query", "托盘租期", "--by", "vectors", "--json", "--home", inside, language="en_US.UTF-8")
    assert code == 0 and json.loads(said)[0]["document"] == "a.md" or code == 66 and "no vectors" in error, (code, error)
    fails(64, "search", "--home", inside, chinese=["--queries"], english=["--queries"])
    fails(64, "search", "--query", "a", "--queries", queries, "--home", inside, chinese=["--queries"], english=["--queries"])
    fails(64, "search", "--query", "a", "--by", "vectors", "--reranker", "r", "--home", inside,
          chinese=["--reranker"], english=["--reranker"])


def writers_of_one_model_file_do_not_mix():
    source = SHARED / "reference" / "quantisation" / "models" / "llama" / "f16.gguf"
    if not source.is_file():
        raise Skipped("no reference folder")
    with home() as folder:
        def start(kind, out):
            return subprocess.Popen(
                [str(BINARY), "model", "quantize", str(source), "--type", kind, "--no-check", "--output", str(out)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        kinds = ("q8_0", "q4_0", "f16", "q4_k_m")
        wanted = {}
        for kind in kinds:
            assert start(kind, folder / kind).wait(120) == 0
            wanted[kind] = (folder / kind).read_bytes()
            (folder / kind).unlink()
        for _ in range(3):
            out = folder / "out.gguf"
            codes = [process.wait(120) for process in [start(kind, out) for kind in kinds]]
            assert sorted(codes) == [0, 73, 73, 73], codes
            assert out.read_bytes() == wanted[kinds[codes.index(0)]]
            assert [path.name for path in folder.iterdir()] == ["out.gguf"]
            out.unlink()


def a_weight_that_is_no_number_does_not_travel_on():
    source = SHARED / "reference" / "quantisation" / "models" / "llama" / "f16.gguf"
    base, adapter = (SHARED / "reference" / "training" / name for name in ("bases/llama", "lora-merge/adapter"))
    if not source.is_file() or not base.is_dir():
        raise Skipped("no reference folder")
    with home() as folder:
        damaged = folder / "damaged.gguf"
        data = bytearray(source.read_bytes())
        # The last weight of the file: all types here are f16 or f32, whose quiet NaN ends with the same two bytes.
        data[-2:] = b"\xff\x7f"
        damaged.write_bytes(data)
        out = folder / "out.gguf"
        for kind in ("f16", "q8_0"):
            fails(73, "model", "quantize", damaged, "--type", kind, "--output", out,
                  chinese=["nan"], english=["nan", "the source is damaged"])
        fails(73, "model", "export", "--model", damaged, "--to", "gguf", "--output", out, english=["nan"])
        copy = folder / "base"
        shutil.copytree(base, copy)
        weights = copy / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-4:] = b"\xff\xff\xff\x7f"
        weights.chmod(0o600)
        weights.write_bytes(data)
        fails(73, "model", "merge", "--model", copy, "--adapter", adapter, "--output", folder / "merged",
              english=["nan", "the source is damaged"])
        assert sorted(path.name for path in folder.iterdir()) == ["base", "damaged.gguf"]


def models_are_quantised_or_refused_with_words():
    folder = SHARED / "reference" / "quantisation" / "models" / "llama"
    if not folder.is_dir():
        raise Skipped("no reference folder")
    with home() as inside:
        out = inside / "out.gguf"
        for source, kind in ((folder / "f16.gguf", "Q4_K_M"), (folder / "q3_k_m.gguf", "q8_0")):
            code, shown, said = run("model", "quantize", source, "--type", kind, "--output", out, language="en_US.UTF-8")
            assert code == 0 and shown.strip() == str(out), said
            assert "opened anew" in said and "NOT the same" not in said, said
            assert ("quantised already" in said) == (kind == "q8_0"), said
            fails(73, "model", "quantize", source, "--type", kind, "--output", out, chinese=["已存在"], english=["exists already"])
            assert [p.name for p in inside.iterdir()] == ["out.gguf"]
            out.unlink()
        fails(64, "model", "quantize", folder / "f16.gguf", "--type", "q2_k", "--output", out,
              chinese=["q2_k", "q4_k_m"], english=["q2_k", "q4_k_m"])
        fails(66, "model", "quantize", "none", "--type", "q8_0", "--output", out, chinese=["none"], english=["none"])
        assert not list(inside.iterdir())


TESTS = [
    parser_errors_are_in_the_users_language, models_that_are_none_are_said_so,
    a_wrong_host_is_said_before_a_model_is_loaded, a_home_or_port_that_is_taken_is_said_so, names_that_lead_elsewhere_are_refused,
    homes_without_data_say_what_to_do, a_write_that_was_cut_off_is_undone_by_a_reader,
    a_page_is_imported_whole_or_not_at_all, folders_in_the_place_of_files_are_said_so, bad_lines_and_cut_files_are_named,
    models_are_quantised_or_refused_with_words, writers_of_one_model_file_do_not_mix,
    a_weight_that_is_no_number_does_not_travel_on,
]
