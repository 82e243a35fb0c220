"""What the scripts of this folder share: models of a given shape, batches, timing, memory.

The peer is the plain recipe: transformers' model, torch's AdamW, float32, no padding, no checkpointing, the fused
attention that torch chooses. Everything that a careful user would set is set (threads, no gradient for frozen weights,
zero_grad to None); nothing is changed in the libraries.
"""

import argparse
import json
import resource
import statistics
import sys
import time

import torch
from transformers import AutoConfig, AutoModelForCausalLM

# The shapes of published models and of the one that `pallet model new --parameters 19M` plans.
SHAPES = {
    "qwen2.5-0.5b": dict(
        model_type="qwen2", hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
        num_key_value_heads=2, vocab_size=151936, max_position_embeddings=32768, tie_word_embeddings=True,
        rms_norm_eps=1e-6, rope_theta=1e6),
    "llama-19m": dict(
        model_type="llama", hidden_size=384, intermediate_size=1024, num_hidden_layers=10, num_attention_heads=6,
        num_key_value_heads=3, vocab_size=6400, max_position_embeddings=512, tie_word_embeddings=True,
        rms_norm_eps=1e-5),
}


def arguments(description, shape):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", default=shape, help=f"a shape ({', '.join(SHAPES)}) or a Hugging Face folder")
    parser.add_argument("--batch", type=int, default=2, help="rows of a step")
    parser.add_argument("--length", type=int, default=256, help="tokens of a row")
    parser.add_argument("--supervised", type=float, default=0.5, help="share of trained tokens, at the end of a row")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3, help="steps of a round; one more before the first is not timed")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    return parser


def prepare(options):
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)


def load(name):
    """The model of a folder with its weights, or one of random weights where there are none."""
    if name in SHAPES:
        shape = dict(SHAPES[name])
        config = AutoConfig.for_model(shape.pop("model_type"), **shape)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    try:
        return AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    except OSError:
        config = AutoConfig.from_pretrained(name)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)


def batch(model, options):
    """Random tokens; the first part of each row is not trained."""
    ids = torch.randint(0, model.config.vocab_size, (options.batch, options.length))
    labels = ids.clone()
    labels[:, : round(options.length * (1 - options.supervised))] = -100
    return ids, labels


def measure(model, parameters, options, what):
    """Times training steps and prints one line of JSON."""
    model.train()
    model.config.use_cache = False
    optimizer = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=0.0)
    loss = None

    def step():
        nonlocal loss
        ids, labels = batch(model, options)
        optimizer.zero_grad(set_to_none=True)
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    step()
    rates, shares = [], []
    for _ in range(options.rounds):
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(options.steps):
            step()
        seconds = time.perf_counter() - start
        rates.append(options.steps * options.batch * options.length / seconds)
        # Below 1 other programs had the cores for a part of the time: measure again in a quiet moment.
        shares.append((time.process_time() - busy) / seconds / options.threads)
        print(f"{what}: {rates[-1]:.1f} tokens/s, share of cores {shares[-1]:.2f}", file=sys.stderr, flush=True)
    print(json.dumps({
        "peer": what, "torch": torch.__version__, "model": options.model, "batch": options.batch,
        "length": options.length, "supervised": options.supervised, "threads": options.threads,
        "parameters": sum(p.numel() for p in model.parameters()),
        "trained": sum(p.numel() for p in parameters),
        "tokens_per_second": round(statistics.median(rates), 2), "rounds": [round(rate, 2) for rate in rates],
        "share_of_cores": [round(share, 2) for share in shares],
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "loss": round(float(loss.detach()), 4),
    }))
