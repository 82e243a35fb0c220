"""The same training in torch: the same first weights, the same rows in the same order, the loss of each step.

Rows are those of `pallet train … --no-shuffle`: JSON lines with input_ids and labels (aligned; -100 is not trained),
optionally position_ids that restart at 0 for each document. The loss of a step is the sum over its trained tokens
divided by their number; weight decay applies to matrices but the embedding. Metrics have pallet's names, one JSON
object a line; with --held-out the bits per byte of further rows are given at the end.

    pretrain_compare.py --model FOLDER_WITH_WEIGHTS --data rows.jsonl --steps 200 --batch-rows 8 \\
        --learning-rate 1e-3 --warmup-steps 20 --schedule cosine --min-ratio 0.1 --metrics torch.jsonl
"""

import argparse
import json
import math
import sys
import time

import torch
from transformers import AutoModelForCausalLM


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--held-out", help="rows that are not trained on")
    parser.add_argument("--held-out-bytes", type=int, help="bytes of their text, for bits per byte")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch-rows", type=int, default=8)
    parser.add_argument("--micro-rows", type=int, default=8, help="rows at once, for memory; the result is the same")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--beta1", type=float, default=0.9)
    parser.add_argument("--beta2", type=float, default=0.999)
    parser.add_argument("--epsilon", type=float, default=1e-8)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--clip-norm", type=float, default=1.0)
    parser.add_argument("--warmup-steps", type=int, default=0)
    parser.add_argument("--schedule", choices=["constant", "linear", "cosine"], default="constant")
    parser.add_argument("--min-ratio", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--metrics", default="-")
    parser.add_argument("--output", help="folder for the trained model")
    return parser.parse_args()


def rate(step, o):
    if step < o.warmup_steps:
        return o.learning_rate * (step + 1) / o.warmup_steps
    p = min(1.0, (step - o.warmup_steps) / max(1, o.steps - o.warmup_steps))
    share = {"constant": 1.0, "linear": 1 - p, "cosine": (1 + math.cos(math.pi * p)) / 2}[o.schedule]
    return o.learning_rate * (o.min_ratio + (1 - o.min_ratio) * share)


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def document_mask(positions):
    """[rows, 1, tokens, tokens]: 0 where a position sees an earlier one of its own document, -inf elsewhere."""
    document = (positions == 0).cumsum(dim=1)
    same = document[:, :, None] == document[:, None, :]
    earlier = torch.ones(positions.shape[1], positions.shape[1], dtype=torch.bool).tril()
    mask = torch.zeros(same.shape)
    mask.masked_fill_(~(same & earlier), float("-inf"))
    return mask[:, None]


def loss_sum(model, rows):
    """Sum of the losses of the trained tokens, and their number. Rows are padded at the end, where nothing is trained."""
    length = max(len(row["input_ids"]) for row in rows)

    def padded(key, value, default):
        return torch.tensor([
            (row.get(key) or default(row)) + [value] * (length - len(row["input_ids"])) for row in rows])

    ids = padded("input_ids", 0, lambda row: [])
    labels = padded("labels", -100, lambda row: [])
    arguments = {}
    if any("position_ids" in row for row in rows):
        positions = padded("position_ids", 0, lambda row: list(range(len(row["input_ids"]))))
        arguments = {"position_ids": positions, "attention_mask": document_mask(positions)}
    logits = model(input_ids=ids, use_cache=False, **arguments).logits
    targets = labels[:, 1:].reshape(-1)
    total = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]), targets, ignore_index=-100, reduction="sum")
    return total, int((targets != -100).sum())


def main():
    o = options()
    torch.set_num_threads(o.threads)
    model = AutoModelForCausalLM.from_pretrained(o.model, dtype=torch.float32)
    # transformers gives the embedding of the padding token no gradient; here it is a token like any other.
    model.get_input_embeddings().padding_idx = None
    model.train()
    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        (decayed if parameter.dim() == 2 and "embed_tokens" not in name else plain).append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": o.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=o.learning_rate, betas=(o.beta1, o.beta2), eps=o.epsilon)
    rows = read(o.data)
    metrics = sys.stdout if o.metrics == "-" else open(o.metrics, "w", encoding="utf-8")
    start = time.perf_counter()
    for step in range(o.steps):
        batch = [rows[(step * o.batch_rows + i) % len(rows)] for i in range(o.batch_rows)]
        tokens = sum(sum(label != -100 for label in row["labels"][1:]) for row in batch)
        optimizer.zero_grad(set_to_none=True)
        loss = 0.0
        for first in range(0, len(batch), o.micro_rows):
            total, _ = loss_sum(model, batch[first : first + o.micro_rows])
            (total / max(1, tokens)).backward()
            loss += float(total.detach()) / max(1, tokens)
        limit = o.clip_norm if o.clip_norm > 0 else math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), limit))
        for group in optimizer.param_groups:
            group["lr"] = rate(step, o)
        optimizer.step()
        print(json.dumps({
            "step": step, "loss": loss, "grad_norm": norm, "learning_rate": rate(step, o), "tokens": tokens,
        }), file=metrics, flush=True)
    seconds = time.perf_counter() - start
    report = {"steps": o.steps, "seconds": round(seconds, 1), "torch": torch.__version__}
    if o.held_out:
        model.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for row in read(o.held_out):
                loss, number = loss_sum(model, [row])
                total, count = total + float(loss), count + number
        report["held_out_loss"] = total / max(1, count)
        if o.held_out_bytes:
            report["bits_per_byte"] = total / math.log(2) / o.held_out_bytes
    if o.output:
        model.save_pretrained(o.output)
    print(json.dumps(report), file=sys.stderr)


if __name__ == "__main__":
    main()
