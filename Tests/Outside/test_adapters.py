"""Adapters as people meet them: exported in every form, merged, refused with words, served beside their base."""

import array
import contextlib
import json
import shutil
import struct
import subprocess
import tempfile
import pathlib
import urllib.request

from serving import BINARY, SHARED, Skipped
from test_commands import DOCUMENTS, fails, home, run

TRAINING = SHARED / "reference" / "training"


def reference(name):
    path = TRAINING / name
    if not path.exists():
        raise Skipped(f"{path} is not there (set PALLET_SHARED)")
    return path


def done(*arguments):
    code, out, said = run(*arguments)
    assert code == 0, f"{arguments}: {code}: {said}"
    return out, said


def tensors(path):
    """Shape and values of the f32 tensors of a safetensors file, by name."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + length])
    head.pop("__metadata__", None)
    result = {}
    for name, entry in head.items():
        start, end = entry["data_offsets"]
        values = array.array("f")
        values.frombytes(data[8 + length + start:8 + length + end])
        result[name] = (entry["shape"], values)
    return result


def logits(folder, model, tokens, *adapter):
    done("model", "logits", "--model", model, "--tokens", tokens, "--compute", "f32",
         "--output", folder / "logits.safetensors", *adapter)
    return tensors(folder / "logits.safetensors")


def an_adapter_gives_the_logits_of_peft_beside_its_base_and_merged():
    for name in ("lora-merge", "dora-merge"):
        case = reference(name)
        expected = tensors(case / "expected.safetensors")
        with home() as folder:
            base, tokens, adapter = reference("bases/llama"), case / "tokens.json", ("--adapter", case / "adapter")
            done("model", "merge", "--model", base, *adapter, "--output", folder / "merged")
            found = {
                "base": logits(folder, base, tokens), "adapter": logits(folder, base, tokens, *adapter),
                "merged": logits(folder, folder / "merged", tokens),
            }
            for kind, values in found.items():
                for index in range(2):
                    pairs = zip(values[f"logits.{index}"][1], expected[f"{kind}.logits.{index}"][1], strict=True)
                    assert max(abs(a - b) for a, b in pairs) < 1e-4, f"{name} {kind} {index}"


def every_form_is_exported_checked_and_taken_again():
    case, base = reference("lora-merge"), reference("bases/llama-q8_0.gguf")
    adapter = case / "adapter"
    with home() as folder:
        forms = [("gguf", "a.gguf", ()), ("gguf", "b.gguf", ("--type", "q4_k_m")), ("safetensors", "folder", ()),
                 ("peft", "peft", ()), ("gguf-adapter", "adapter.gguf", ())]
        for form, name, options in forms:
            _, said = done("model", "export", "--model", base, "--adapter", adapter, "--to", form,
                           "--output", folder / name, *options)
            assert "opened anew" in said and "NOT the same" not in said, said
            fails(73, "model", "export", "--model", base, "--adapter", adapter, "--to", form,
                  "--output", folder / name, *options)
        answers = [
            done("generate", "--model", base, "--adapter", place, "--prompt", "hello", "--max-tokens", 12, "--json")[0]
            for place in (adapter, folder / "peft", folder / "adapter.gguf")
        ]
        assert answers[0] == answers[1] == answers[2], answers
        plain, _ = done("generate", "--model", base, "--prompt", "hello", "--max-tokens", 12, "--json")
        assert plain != answers[0]
        text = (folder / "Modelfile").read_text(encoding="utf-8")
        assert "FROM ./b.gguf" in text and "{{ .Content }}<|im_end|>" in text and 'stop "<|im_end|>"' in text, text
        (folder / "Modelfile").write_text("FROM ./mine\n", encoding="utf-8")
        done("model", "export", "--model", base, "--to", "gguf", "--output", folder / "c.gguf")
        assert (folder / "Modelfile").read_text(encoding="utf-8") == "FROM ./mine\n"


def what_does_not_fit_is_refused_with_words():
    lora, dora, llama = reference("lora-merge") / "adapter", reference("dora-merge") / "adapter", reference("bases/llama")
    qwen = reference("bases/qwen2")
    with home() as folder:
        out = folder / "out"
        fails(65, "generate", "--model", qwen, "--adapter", lora, "--prompt", "x",
              chinese=["bases/llama", "qwen2", "底座"], english=["bases/llama", "does not fit qwen2", "its own base"])
        fails(65, "model", "export", "--model", llama, "--adapter", dora, "--to", "gguf-adapter", "--output", out,
              chinese=["DoRA"], english=["DoRA"])
        fails(66, "generate", "--model", llama, "--adapter", folder / "none", "--prompt", "x",
              chinese=["没有适配器"], english=["there is no adapter"])
        fails(64, "model", "export", "--model", llama, "--to", "peft", "--output", out, chinese=["--adapter"])
        fails(64, "model", "merge", "--model", llama, "--output", out, chinese=["--adapter"])
        fails(64, "model", "export", "--model", llama, "--to", "onnx", "--output", out, chinese=["--to"])
        fails(64, "model", "export", "--model", llama, "--to", "gguf", "--type", "q9", "--output", out, chinese=["q9"])
        broken = folder / "broken"
        shutil.copytree(lora, broken)
        weights = (broken / "adapter_model.safetensors").read_bytes()
        (broken / "adapter_model.safetensors").write_bytes(weights[:-100])
        fails(65, "generate", "--model", llama, "--adapter", broken, "--prompt", "x", english=["bytes"])
        assert not out.exists()


@contextlib.contextmanager
def served(*arguments, inside=None):
    with contextlib.nullcontext(inside) if inside else home() as folder, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [str(BINARY), "serve", "--home", str(folder), "--port", "0", "--context", "256", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            address = process.stdout.readline().strip()
            if not address.startswith("http://"):
                errors.seek(0)
                raise RuntimeError(errors.read())
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def ask(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data=data, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def an_adapter_is_a_model_name_beside_its_base():
    base, case = reference("bases/llama-q8_0.gguf"), reference("lora-merge")
    with served("--model", base, "--adapter", f"tuned={case / 'adapter'}",
                "--adapter", reference("dora-merge") / "adapter") as address:
        names = [model["id"] for model in ask(address, "/v1/models")["data"]]
        assert {"llama-q8_0", "tuned", "dora-merge"} == set(names), names
        answers = {}
        for _ in range(2):
            for name in names:
                body = {"model": name, "prompt": "hello", "max_tokens": 12, "temperature": 0}
                answer = ask(address, "/v1/completions", body)["choices"][0]["text"]
                assert answers.setdefault(name, answer) == answer, "a cache of another adapter was taken"
        assert len(set(answers.values())) == 3, answers
    fails(64, "serve", "--model", base, "--port", 0, "--adapter", f"llama-q8_0={case / 'adapter'}",
          "--home", pathlib.Path(tempfile.gettempdir()) / "pallet-adapters-none",
          chinese=["已被占用"], english=["is taken"])


def an_assistant_answers_from_the_index_that_is_named_with_an_adapter():
    base, adapter = reference("bases/llama-q8_0.gguf"), reference("lora-merge") / "adapter"
    reranker = reference("../models/qwen3-reranker")
    with home() as inside:
        documents = inside / "documents"
        documents.mkdir()
        for name, text in DOCUMENTS.items():
            (documents / name).write_text(text, encoding="utf-8")
        for name in ("one", "two"):
            done("corpus", "build", documents, "--name", name, "--home", inside)
            done("index", "build", "--corpus", name, "--name", name, "--home", inside)
        fails(66, "serve", "--model", base, "--port", 0, "--home", inside, "--index", "three",
              chinese=["three", "one、two"], english=["three", "one, two"])
        fails(64, "serve", "--model", base, "--port", 0, "--home", inside, "--assistant-adapter", adapter,
              chinese=["one、two", "--index"], english=["one, two", "--index"])
        with served("--model", base, inside=inside) as address:
            assert [model["id"] for model in ask(address, "/v1/models")["data"]] == ["llama-q8_0"]
        # The question is longer than what this reranker reads: the search's order stays.
        with served("--model", base, "--index", "two", "--assistant-adapter", adapter, "--trust-refusals",
                    "--assistant-reranker", reranker, inside=inside) as address:
            names = {model["id"] for model in ask(address, "/v1/models")["data"]}
            assert {"assistant", "llama-q8_0", "lora-merge"} <= names, names
            body = {"model": "assistant", "messages": [{"role": "user", "content": "最短租期 " * 16}]}
            assert ask(address, "/v1/chat/completions", body)["choices"][0]["message"]["content"]


TESTS = [
    an_assistant_answers_from_the_index_that_is_named_with_an_adapter,
    an_adapter_gives_the_logits_of_peft_beside_its_base_and_merged, every_form_is_exported_checked_and_taken_again,
    what_does_not_fit_is_refused_with_words, an_adapter_is_a_model_name_beside_its_base,
]
