"""Training as people meet it: every reference case through the commands, what goes wrong, kills in the middle."""

import fcntl
import hashlib
import json
import math
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

from serving import BINARY
from test_adapters import TRAINING, done, reference, tensors
from test_commands import fails, home, run

LONG = os.environ.get("PALLET_LONG") == "1"
CASES = ["sft-full", "sft-full-tied", "accumulation", "packing", "masks", "ddp", "lora", "rslora", "dora", "lora-fresh",
         "qlora-q4_0", "qlora-q8_0", "dpo", "dpo-reference", "ipo", "kto", "orpo", "simpo", "cpo"]
PATHS = {"model", "data", "adapter", "reference", "tokens"}


def command(case, run, **changes):
    """The words of a run of a case; paths are made absolute."""
    words = list(run["arguments"])
    for name, value in {**run["options"], **changes}.items():
        if value is True:
            words.append(f"--{name}")
        elif value is not None:
            place = (case / value).resolve() if name in PATHS and name not in changes else value
            words += [f"--{name}", place]
    return words


def runs(name):
    case = reference(name)
    return case, json.loads((case / "command.json").read_text())["runs"]


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def check_case(name, folder):
    case, all_runs = runs(name)
    expected = json.loads((case / "expected.json").read_text())
    tolerance, wanted = expected["tolerance"], tensors(case / "expected.safetensors")
    for number, one in enumerate(all_runs):
        out, metrics = folder / f"{name}-{number}", folder / f"{name}-{number}.jsonl"
        done(*command(case, one, output=out, metrics=metrics))
        lines = [json.loads(line) for line in metrics.read_text().splitlines()]
        assert len(lines) == len(expected["metrics"]), (name, len(lines))
        assert metrics.read_bytes() == (out / "metrics.jsonl").read_bytes()
        for line, want in zip(lines, expected["metrics"]):
            for key, value in want.items():
                limit = {"loss": tolerance["loss_first" if want["step"] == 0 else "loss"], "grad_norm": 1e-3,
                         "learning_rate": 1e-6, "step": 0, "tokens": 0}.get(key, 1e-3)
                scale = max(abs(value), 0.01) if key not in ("step", "tokens") else 1
                assert abs(line[key] - value) <= limit * scale, f"{name} {key} {line} {want}"
        rates = sum(line["learning_rate"] for line in lines)
        options, is_adapter = one["options"], one["arguments"][1] == "lora"
        found = tensors(out / ("adapter/adapter_model.safetensors" if is_adapter else "model/model.safetensors"))
        if "adapter_shapes" in expected:
            shapes = {key: shape for key, (shape, _) in found.items()}
            assert shapes == expected["adapter_shapes"], shapes
            continue
        start = tensors((case / options["adapter"] / "adapter_model.safetensors") if "adapter" in options
                        else (case / options["model"] / "model.safetensors"))
        finals = [key for key in wanted if key.startswith("final.")]
        assert finals
        for key in finals:
            shape, want = wanted[key]
            own_shape, got = found[key[6:]]
            assert own_shape == shape, (key, own_shape, shape)
            change = distance(want, start[key[6:]][1])
            assert distance(got, want) <= 5e-3 * change, f"{name} {key}: {distance(got, want) / max(change, 1e-12)}"
            assert max(abs(x - y) for x, y in zip(got, want)) <= 0.05 * rates, f"{name} {key}"


def every_case_of_the_reference_comes_out_through_the_commands():
    count = 0
    with home() as folder:
        for name in CASES:
            check_case(name, folder)
            count += 1
    print(f"  {count} of {len(CASES)} training cases")


def merged_weights_are_those_of_the_reference():
    with home() as folder:
        for name in ("lora-merge", "dora-merge"):
            case, all_runs = runs(name)
            wanted = tensors(case / "expected.safetensors")
            for one in (r for r in all_runs if r["expects"] == "merged"):
                done(*command(case, one, output=folder / name))
                found = tensors(folder / name / "model.safetensors")
                keys = [k for k in wanted if k.startswith("merged.") and ".logits." not in k]
                assert keys
                for key in keys:
                    assert max(abs(x - y) for x, y in zip(found[key[7:]][1], wanted[key][1], strict=True)) <= 2e-5, key


ROW = {"input_ids": list(range(3, 23)), "labels": list(range(3, 23))}


def rows(path, *objects):
    path.write_text("".join((o if isinstance(o, str) else json.dumps(o)) + "\n" for o in objects), encoding="utf-8")
    return path


def bad_rows_are_named_by_file_and_line():
    base = reference("bases/llama")
    with home() as folder:
        out = folder / "out"

        def refuses(objects, *words, method=("full",), code=65):
            data = rows(folder / "data.jsonl", *objects)
            fails(code, "train", *method, "--model", base, "--data", data, "--output", out, "--steps", 2,
                  chinese=words, english=words)
            assert not (out / "model").exists() and not (out / "adapter").exists()

        refuses([ROW, "{not json"], "data.jsonl", "2")
        refuses([ROW, "[1, 2]"], "data.jsonl", "2")
        refuses([ROW, {**ROW, "labels": [1]}], "data.jsonl", "2", "20")
        refuses([ROW, ROW, {"input_ids": [3, 999_999, 4], "labels": [3, 999_999, 4]}], "data.jsonl", "3", "999999")
        refuses([ROW, {"input_ids": [3, -1, 4], "labels": [3, 4, 4]}], "data.jsonl", "2", "-1")
        refuses([ROW, {"input_ids": [3] * 700, "labels": [3] * 700}], "data.jsonl", "2", "700")
        refuses([ROW, {"strange": 1}], "data.jsonl", "2")
        refuses([ROW, {"input_ids": "3 4", "labels": [3, 4]}], "data.jsonl", "2", "input_ids")
        refuses([ROW, {"input_ids": [3.5, 4], "labels": [3, 4]}], "data.jsonl", "2", "input_ids")
        refuses([], "data.jsonl")
        refuses([ROW], "rows", method=("preference", "--method", "dpo"))
        pair = {"prompt_ids": [3, 4], "chosen_ids": [5], "rejected_ids": [6]}
        refuses([pair], "pairs")
        refuses([pair, {**pair, "chosen_ids": []}], "data.jsonl", "2", "chosen_ids", method=("preference", "--method", "dpo"))
        refuses([pair], "pairs", method=("preference", "--method", "kto"))
        fails(66, "train", "full", "--model", base, "--data", folder / "none.jsonl", "--output", out,
              chinese=["none.jsonl"], english=["none.jsonl"])
        for command in (("train", "full", "--output", out, "--steps", 2), ("train", "preview"),
                        ("train", "shard", "--output", folder / "shard")):
            fails(66, *command, "--model", base, "--data", folder, chinese=[folder, "是目录"], english=[folder, "is a folder"])
        table = folder / "data.csv"
        table.write_text("prompt;completion\na, b;c\n", encoding="utf-8-sig")
        done("train", "preview", "--model", base, "--data", table)
        table.write_text("prompt;completion\na, b;c\n", encoding="utf-16")
        fails(65, "train", "full", "--model", base, "--data", table, "--output", out, "--steps", 2,
              chinese=["data.csv", "UTF-16", "另存为 UTF-8"], english=["data.csv", "UTF-16", "save it as UTF-8"])
        assert not out.exists() and not (folder / "shard").exists()


def what_cannot_be_trained_is_refused_with_words():
    llama, qwen, q4 = reference("bases/llama"), reference("bases/qwen2"), reference("bases/llama-q4_0.gguf")
    with home() as folder:
        data, out = rows(folder / "data.jsonl", ROW), folder / "out"
        common = ("--data", data, "--output", out)
        fails(65, "train", "full", "--model", q4, *common, chinese=["pallet train lora"], english=["pallet train lora"])
        fails(66, "train", "full", "--model", folder / "none", *common)
        fails(65, "train", "lora", "--model", qwen, "--adapter", reference("lora") / "adapter", *common,
              chinese=["底座"], english=["does not fit"])
        fails(65, "train", "lora", "--model", llama, "--target-modules", "q_proj,strange", *common,
              chinese=["strange"], english=["strange", "q_proj"])
        for words in (["--stepz", 3], ["--steps", 0], ["--steps", "x"], ["--learning-rate", 0], ["--learning-rate", "nan"],
                      ["--learning-rate", "inf"], ["--schedule", "up"], ["--optimizer", "sgd"], ["--beta1", 1],
                      ["--epsilon", 0], ["--clip-norm", -1], ["--batch-rows", 0], ["--micro-batch-tokens", 1],
                      ["--clip-norm", "nan"], ["--weight-decay", "nan"], ["--weight-decay", "inf"], ["--neftune", "nan"],
                      ["--epochs", "inf"], ["--epochs", "nan"], ["--epsilon", "inf"], ["--validation-share", 1],
                      ["--steps", 2**63 - 1], ["--neftune", "inf"]):
            fails(64, "train", "full", "--model", llama, *common, *words)
        fails(64, "train", "full", "--model", llama, "--output", out)
        fails(64, "train", "full", "--model", llama, "--data", data)
        fails(64, "train", "lora", "--model", llama, *common, "--rank", 0)
        for words in (["--method", "ppo"], ["--method", "dpo", "--beta", 0], ["--method", "simpo", "--gamma", "nan"], []):
            fails(64, "train", "preference", "--model", llama, *common, *words)
        pairs = rows(folder / "pairs.jsonl", {"prompt_ids": [3, 4], "chosen_ids": [5], "rejected_ids": [6]})
        fails(65, "train", "preference", "--model", llama, "--data", pairs, "--output", out, "--method", "dpo",
              "--reference", qwen, "--steps", 1)
        assert not out.exists(), list(out.iterdir())
        fails(65, "train", "preference", "--model", llama, "--data", pairs, "--output", folder / "new" / "er" / "out",
              "--method", "dpo", "--reference", qwen, "--steps", 1)
        assert not (folder / "new").exists()
        # What was there before stays.
        out.mkdir()
        fails(65, "train", "preference", "--model", llama, "--data", pairs, "--output", out, "--method", "dpo",
              "--reference", qwen, "--steps", 1)
        assert out.is_dir()


def a_loss_that_is_no_number_ends_the_run_and_ruins_nothing():
    base = reference("bases/llama")
    with home() as folder:
        data = rows(folder / "data.jsonl", *[ROW] * 8)
        out = folder / "out"
        fails(65, "train", "full", "--model", base, "--data", data, "--output", out, "--steps", 30, "--clip-norm", 0,
              "--learning-rate", "1e30", "--no-shuffle", chinese=["--learning-rate"], english=["--learning-rate"])
        assert not (out / "model").exists()


def a_run_of_another_configuration_is_not_written_over():
    base = reference("bases/llama")
    with home() as folder:
        data, out = rows(folder / "data.jsonl", *[ROW] * 8), folder / "out"
        common = ("train", "lora", "--model", base, "--output", out, "--steps", 3, "--rank", 2)
        done(*common, "--data", data)
        before = {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
        again, _ = done(*common, "--data", data)
        assert str(out / "adapter") in again
        fails(65, *common, "--data", data, "--learning-rate", 0.5, chinese=["learning-rate"], english=["learning-rate"])
        other = rows(folder / "other.jsonl", *[ROW] * 9)
        fails(65, *common, "--data", other, chinese=["data"], english=["data"])
        fails(65, "train", "full", "--model", base, "--data", data, "--output", out, "--steps", 3,
              chinese=["method"], english=["method"])
        after = {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
        assert after == before, "a refused run changed what was there"
        shutil.rmtree(out / "adapter")
        whole = (out / "checkpoint.safetensors").read_bytes()
        for damaged in (whole[:len(whole) // 2], whole[:-300] + b"\x55" + whole[-299:], b"", b"x" * 100):
            (out / "checkpoint.safetensors").write_bytes(damaged)
            fails(65, *common, "--data", data, chinese=["checkpoint.safetensors"], english=["checkpoint.safetensors"])


def a_run_tells_what_was_learned_and_what_was_forgotten():
    base = reference("bases/llama")
    row = {"input_ids": list(range(3, 23)), "labels": [-100] * 10 + list(range(13, 23))}
    with home() as folder:
        data, general = rows(folder / "data.jsonl", *[row] * 8), rows(folder / "general.jsonl", *[ROW] * 40)
        common = ("train", "lora", "--model", base, "--data", data, "--rank", 2, "--steps", 4, "--validation-share", 0.25)
        leftover = folder / "out" / ".checkpoint.safetensors.0123ABCD.part"
        leftover.parent.mkdir()
        leftover.write_text("x")
        shown, said = done(*common, "--output", folder / "out", "--forgetting", general, "--samples", 1)
        assert shown.strip() == str(folder / "out" / "adapter"), shown
        for words in ("32 rows to see forgetting", "held-out loss ", "loss on general text ", "of the FMA peak", "wanted"):
            assert words in said, said
        card = json.loads((folder / "out" / "run.json").read_text())
        assert (card["held_out_rows"], card["general_rows"], card["replay_rows"]) == (2, 32, 0), card
        for name in ("held_out_before", "held_out_after", "general_before", "general_after"):
            assert card[name]["loss"] > 0, card
        assert [set(sample) for sample in card["samples"]] == [{"prompt_end", "expected", "before", "after"}], card
        assert 0 < card["peak_share"] < 1.5 and card["fma_peak_gflops"] > 0, card
        assert card["code"] == hashlib.sha256(pathlib.Path(BINARY).read_bytes()).hexdigest()
        assert len(card["configuration"]) == 64 and card["identity"]["forgetting"], card
        assert not leftover.exists()

        _, said = done(*common, "--output", folder / "replay", "--replay", general, "--replay-share", 0.5, "--samples", 0)
        card = json.loads((folder / "replay" / "run.json").read_text())
        assert (card["replay_rows"], card["general_rows"]) == (8, 32) and "samples" not in card, card
        assert "8 general rows mixed in" in said and "loss on general text " in said, said

        # What chooses the state that is kept, and what forgetting is seen by, are parts of a run.
        for words in (["--validate-every", 2, "--patience", 1], ["--forgetting", data]):
            fails(65, *common, "--output", folder / "out", *words, chinese=[words[0][2:]], english=[words[0][2:]])


def two_runs_in_one_folder_do_not_meet():
    base = reference("bases/llama")
    with home() as folder:
        data, out = rows(folder / "data.jsonl", *[ROW] * 8), folder / "out"
        common = ("train", "lora", "--model", base, "--data", data, "--output", out, "--rank", 2, "--steps", 2)
        out.mkdir()
        with open(out / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fails(75, *common, chinese=["--output"], english=["--output"])
            assert [path.name for path in out.iterdir()] == [".lock"]
        done(*common)
        assert (out / "adapter").exists()


def what_a_command_reads_it_does_not_write_over():
    base = reference("bases/llama")
    with home() as folder:
        data = rows(folder / "data.jsonl", *[ROW] * 8)
        before, link = data.read_bytes(), folder / "link.jsonl"
        link.symlink_to(data)
        common = ("train", "full", "--model", base, "--data", data, "--steps", 1)
        fails(73, *common, "--output", folder / "a", "--metrics", link, chinese=["覆盖"], english=["not written over"])
        fails(73, "train", "shard", "--model", base, "--data", data, "--output", data,
              chinese=["覆盖"], english=["not written over"])
        fails(73, "train", "preview", "--model", base, "--data", data, "--html", data,
              chinese=["覆盖"], english=["not written over"])
        copy = folder / "base"
        shutil.copytree(base, copy)
        fails(73, "train", "full", "--model", copy, "--data", data, "--steps", 1, "--output", copy,
              chinese=["覆盖"], english=["not written over"])
        assert data.read_bytes() == before


def options_that_would_do_nothing_are_refused():
    base, start = reference("bases/llama"), reference("lora") / "adapter"
    with home() as folder:
        data = rows(folder / "data.jsonl", *[ROW] * 8)
        lora = ("train", "lora", "--model", base, "--data", data, "--steps", 1, "--output", folder / "out")
        for words in (["--schedule", "wsd"], ["--decay-steps", 5], ["--replay-share", 0.5], ["--patience", 3]):
            fails(64, *lora, *words, chinese=[words[0]], english=[words[0]])
        for words in (["--dora"], ["--layers", 1], ["--rank", 333], ["--target-modules", "q_proj,none"]):
            fails(64, *lora, "--adapter", start, *words, chinese=[words[0], "--adapter"], english=[words[0], "contradicts"])
        assert not (folder / "out").exists()


def weights_that_are_no_numbers_are_not_kept():
    base = reference("bases/llama")
    with home() as folder:
        data = rows(folder / "data.jsonl", *[ROW] * 8)
        for method in ("full", "lora"):
            out = folder / method
            # The last step has no loss behind it that would show what it did.
            fails(65, "train", method, "--model", base, "--data", data, "--steps", 1, "--output", out,
                  "--learning-rate", 1e300, chinese=["--learning-rate"], english=["--learning-rate", "not kept"])
            assert not (out / "model").exists() and not (out / "adapter").exists()
            assert not (out / "checkpoint.safetensors").exists()


def a_swapped_template_is_another_run():
    with home() as folder:
        base = folder / "base"
        shutil.copytree(reference("bases/llama"), base)
        data, out = rows(folder / "data.jsonl", *[ROW] * 8), folder / "out"
        common = ("train", "lora", "--model", base, "--data", data, "--output", out, "--steps", 2, "--rank", 2)
        done(*common)
        for name in ("tokenizer_config.json", "chat_template.jinja"):
            if (base / name).exists():
                text = (base / name).read_text()
                (base / name).write_text(text.replace("assistant", "Assistant"))
        fails(65, *common, chinese=["template"], english=["template"])


def a_pair_must_differ_and_say_something():
    base = reference("bases/llama")
    with home() as folder:
        for pair, chinese, english in (({"chosen": "", "rejected": "b"}, "chosen", "chosen"),
                                       ({"chosen": "b", "rejected": "b"}, "相同", "same")):
            data = rows(folder / "pairs.jsonl", {"query": "a", **pair})
            fails(65, "train", "preview", "--model", base, "--data", data, chinese=[chinese], english=[english])


def places_that_cannot_be_written_are_said():
    base = reference("bases/llama")
    with home() as folder:
        data = rows(folder / "data.jsonl", *[ROW] * 8)
        common = ("train", "full", "--model", base, "--data", data, "--steps", 2)
        code, shown, said = run(*common, "--output", folder / "a", "--metrics", "/dev/stdout")
        assert code == 0 and '"step": 1' in shown, (code, shown, said)
        assert os.path.islink("/dev/stdout")
        device = os.stat("/dev/full").st_rdev
        fails(74, *common, "--output", folder / "b", "--metrics", "/dev/full",
              chinese=["/dev/full", "磁盘已满"], english=["/dev/full", "space"])
        assert os.stat("/dev/full").st_rdev == device, "a device was replaced by a file"
        file = folder / "file"
        file.write_text("x")
        fails(73, *common, "--output", file / "run", chinese=["file"], english=["file"])
        fails(73, *common, "--output", file, chinese=["file"], english=["file"])
        assert file.read_text() == "x"
        # Told before rows are read and weights are loaded, with nothing made.
        for metrics in (folder / "none" / "m.jsonl", file / "m.jsonl", folder):
            fails(73, "train", "full", "--model", "none", "--data", folder / "none.jsonl", "--steps", 2, "--output",
                  folder / "c", "--metrics", metrics, chinese=[metrics], english=[metrics])
        assert not (folder / "c").exists()
        done(*common, "--output", folder / "d" / "run", "--metrics", folder / "d" / "run" / "mine.jsonl")
        assert len((folder / "d" / "run" / "mine.jsonl").read_text().splitlines()) == 2


def killed(words, out, generator, limit):
    """Goes on with a run, killing it at random moments, until it ends; how often it was killed."""
    kills = 0
    while True:
        process = subprocess.Popen([str(BINARY), *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + generator.uniform(0.02, limit)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        assert process.returncode == 0, (words, process.returncode)
        return kills


def killed_runs_leave_what_undisturbed_ones_leave():
    """Without PALLET_LONG two methods, with it all of them until twenty kills are counted."""
    methods = [("sft-full", {}), ("lora", {}), ("rslora", {}), ("dora", {}), ("qlora-q4_0", {}), ("dpo", {}), ("kto", {}),
               ("orpo", {}), ("sft-full", {"optimizer": "muon"})]
    generator, total, round_number = random.Random(5), 0, 0
    with home() as folder:
        for name, changes in methods if LONG else [methods[1], methods[8]]:
            case, all_runs = runs(name)
            more = {"save-every": 2, "no-shuffle": None, "seed": 9, "steps": 60, "validation-share": 0, **changes}
            label = name + changes.get("optimizer", "")
            plain = folder / f"{label}-a"
            start = time.monotonic()
            done(*command(case, all_runs[0], output=plain, **more))
            length = time.monotonic() - start
            kills, wanted = 0, 3 if LONG else 1
            while kills < wanted and round_number < 60:
                round_number += 1
                out = folder / f"{label}-{round_number}"
                kills += killed(command(case, all_runs[0], output=out, **more), out, generator, length * 1.1)
                for file in ["metrics.jsonl", "metrics.csv"]:
                    assert (out / file).read_bytes() == (plain / file).read_bytes(), (label, file)
                results = [p.relative_to(plain) for p in plain.rglob("*") if p.parent.name in ("model", "adapter")]
                assert results
                for file in results:
                    assert (out / file).read_bytes() == (plain / file).read_bytes(), (label, file)
                one, other = (tensors(p / "checkpoint.safetensors") for p in (plain, out))
                assert one == other, label
                left = [p.name for p in out.rglob("*") if ".part" in p.name or "tmp" in p.name]
                assert not left or kills, left
            total += kills
    print(f"  {total} kills, every result as undisturbed")


def a_run_that_would_train_nothing_is_refused():
    with home() as folder:
        data = folder / "data.jsonl"
        data.write_text((json.dumps({"input_ids": [1, 2, 3], "labels": [-100] * 3}) + "\n") * 4)
        fails(65, "train", "lora", "--model", TRAINING / "bases" / "llama", "--data", data, "--output", folder / "run",
              "--steps", 2, chinese=["4 行共 12 个词元"], english=["4 rows with 12 tokens"])
        assert not (folder / "run").exists()


TESTS = [
    a_run_that_would_train_nothing_is_refused,
    every_case_of_the_reference_comes_out_through_the_commands, merged_weights_are_those_of_the_reference,
    bad_rows_are_named_by_file_and_line, what_cannot_be_trained_is_refused_with_words,
    a_loss_that_is_no_number_ends_the_run_and_ruins_nothing, a_run_of_another_configuration_is_not_written_over,
    a_run_tells_what_was_learned_and_what_was_forgotten, two_runs_in_one_folder_do_not_meet,
    what_a_command_reads_it_does_not_write_over, options_that_would_do_nothing_are_refused,
    weights_that_are_no_numbers_are_not_kept, a_swapped_template_is_another_run, a_pair_must_differ_and_say_something,
    places_that_cannot_be_written_are_said, killed_runs_leave_what_undisturbed_ones_leave,
]
