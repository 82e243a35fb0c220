#!/usr/bin/env python3
"""Checks what a compiler does not: who may import whom, how long files are, and where `unsafe` may stand.

The rules are those of docs/architecture.md. Prints every breach and exits with 1; prints the counts of `unsafe`,
`nonisolated(unsafe)` and `@unchecked Sendable` per target in any case, so that a change of them is seen in review.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Target -> targets of this package that it may import.
MAY_IMPORT = {
    "Tensors": {"CKernels"},
    "ModelFormats": {"Tensors"},
    "Tokenizers": set(),
    "ChatTemplates": set(),
    "Text": set(),
    "Corpus": {"Text", "CLibXML2"},
    "Site": {"Text"},
    "Storage": {"Text"},
    "Retrieval": {"Corpus", "Text", "Storage"},
    "Transformers": {"Tensors", "ModelFormats", "Tokenizers"},
    "Inference": {"Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates"},
    "Training": {"Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates"},
    "Training": {"Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates"},
    "ModelHub": set(),
    "Service": {"Inference", "Retrieval", "Site", "Storage", "ChatTemplates", "Tokenizers"},
}
# Modules from outside that only these targets may import.
OUTSIDE = {
    "GRDB": {"Storage"},
    "Hummingbird": {"Service"},
    "AsyncHTTPClient": {"ModelHub"},
    "ArgumentParser": {"pallet"},
    "Foundation": set(MAY_IMPORT) - {"Tensors", "Training", "Transformers"} | {"pallet"},
}
# Targets that may touch raw memory, each with the reason; everything else stays on spans and arrays.
UNSAFE = {
    "Tensors": "owns memory and calls the kernels",
    "ModelFormats": "reads files into owned memory and views bytes as numbers",
    "Corpus": "walks libxml2's tree",
    "Inference": "the executor of the engine's actor",
    "Storage": "locks files",
    "Training": "loads MPI's library, appends to the file of metrics",
    "ModelHub": "locks files and runs child processes",
    "pallet": "asks the terminal for its width, handles signals",
    "Text": "iconv",
    "Training": "calls MPI through a library that is loaded at run time, appends lines to files",
}
EXPLAIN_ABOVE, REFUSE_ABOVE = 400, 600
IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:public |package |internal |private |fileprivate )?import (?:\w+ )?(\w+)", re.M)


def code_only(text):
    """The text without line comments, so that prose about `unsafe` does not count."""
    return re.sub(r"//.*", "", text)


def main():
    breaches, counts = [], {}
    targets = set(MAY_IMPORT) | {"CKernels", "CLibXML2", "pallet"}
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        target = path.relative_to(ROOT / "Sources").parts[0]
        name = path.relative_to(ROOT)
        text = path.read_text()
        for module in IMPORT.findall(text):
            if module in targets and target in MAY_IMPORT and module not in MAY_IMPORT[target]:
                breaches.append(f"{name}: {target} may not import {module}")
            if module in OUTSIDE and target not in OUTSIDE[module]:
                breaches.append(f"{name}: {target} may not import {module}")
        code = code_only(text)
        found = len(re.findall(r"\bunsafe\b", code))
        unchecked = code.count("@unchecked Sendable")
        c = counts.setdefault(target, [0, 0])
        c[0] += found
        c[1] += unchecked
        if found and target not in UNSAFE:
            breaches.append(f"{name}: `unsafe` in target {target}, which has no leave for it")
        for i, line in enumerate(text.splitlines(), 1):
            if re.search(r"\b(fatalError|try!|as!)\b|\btry!", line.split("//")[0]):
                breaches.append(f"{name}:{i}: {line.strip()[:60]}: input may reach this; throw a typed error")
    for path in sorted([*(ROOT / "Sources").rglob("*"), *(ROOT / "Tests").rglob("*.swift")]):
        if path.suffix not in {".swift", ".c", ".h"}:
            continue
        lines = path.read_text().splitlines()
        if len(lines) > REFUSE_ABOVE:
            breaches.append(f"{path.relative_to(ROOT)}: {len(lines)} lines, at most {REFUSE_ABOVE}: split it by topic")
        elif len(lines) > EXPLAIN_ABOVE and not any("long because" in line for line in lines[:40]):
            breaches.append(
                f"{path.relative_to(ROOT)}: {len(lines)} lines, above {EXPLAIN_ABOVE}: split it, or say at its head "
                "`long because …`")
    for target, (unsafe, unchecked) in sorted(counts.items()):
        if unsafe or unchecked:
            print(f"{target}: unsafe {unsafe}, @unchecked Sendable {unchecked}")
    for breach in breaches:
        print(breach, file=sys.stderr)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
