#!/usr/bin/env python3
"""Writes the tiny random models of this folder and what transformers computes with them.

    python3 make.py        # transformers 5, torch, tokenizers

embedding/  XLMRobertaModel as bge-m3 and multilingual-e5 have it: names without prefix, a pooler that nothing uses
reranker/   XLMRobertaForSequenceClassification with one label, as bge-reranker has it: names begin with roberta.
roberta/    RobertaForSequenceClassification with one label and byte-level BPE
expected.json  token ids, vectors and scores in f64; each text alone, which all of them padded to one batch confirm

Weights are multiples of 1/1024 and stored as F16, so that they are small and exact. They are larger than those of
trained models, so that a wrong position or a missing tanh is far outside of the tolerance.
"""

import json
import pathlib
import shutil

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    PreTrainedTokenizerFast, RobertaConfig, RobertaForSequenceClassification, XLMRobertaConfig,
    XLMRobertaForSequenceClassification, XLMRobertaModel)

HERE = pathlib.Path(__file__).parent
WORDS = ["托盘", "租赁", "一天", "多少钱", "仓库", "标准", "木", "塑料", "pallet", "rent", "day", "per", "how", "much",
         "a", "the", "is", "in", "store", "ware", "house", "wood", "en"]
LETTERS = list("托盘租赁一天多少钱仓库标准木塑料的是什么？，。abcdefghijklmnopqrstuvwxyz0123456789.,?")
TEXTS = ["托盘租赁多少钱一天？", "how much is a pallet per day", "a", "", "仓库 wood  pallet 🙂 x",
         "塑料托盘的标准是什么，木托盘的标准是什么？ the warehouse is in the store"]
QUERY = "托盘多少钱？"
PASSAGES = ["一天 3.5", "the pallet is in the store", "", "塑料托盘租赁，标准", "仓库仓库仓库仓库仓库 how much per day"]


def roles():
    return dict(bos_token="<s>", eos_token="</s>", sep_token="</s>", cls_token="<s>", unk_token="<unk>",
                pad_token="<pad>", mask_token="<mask>")


def template(tokenizer):
    pair = "<s> $A </s> </s> $B </s>"
    ids = [(text, tokenizer.token_to_id(text)) for text in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair=pair, special_tokens=ids)


def unigram(steps):
    """XLM-R: ids 0 to 3 are <s>, <pad>, </s>, <unk>, the last one is <mask>; `steps`: the form of bge-m3."""
    pieces = [(text, 0.0) for text in ("<s>", "<pad>", "</s>", "<unk>")] + [("▁", -2.5)]
    for index, word in enumerate(WORDS):
        pieces += [(word, -4 - index / 16), ("▁" + word, -3.5 - index / 16)]
    known = {text for text, _ in pieces}
    letters = [letter for letter in LETTERS if letter not in known]
    pieces += [(letter, -7 - index / 32) for index, letter in enumerate(letters)] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    space = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    if steps:
        # What fast tokenizers of older versions have after their character map.
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
        tokenizer.pre_tokenizer = space
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), space])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    template(tokenizer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles())


def bytes_bpe():
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(TEXTS + PASSAGES, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")), add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles())


def shape(tokenizer, **more):
    return dict(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                intermediate_size=32, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5,
                pad_token_id=1, bos_token_id=0, eos_token_id=2, **more)


def randomise(model, seed):
    """Also the rows of padding and the unused positions, so that taking them shows."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        norm = "LayerNorm.weight" in name
        drawn = torch.randn(value.shape, generator=generator) * (0.2 if norm or value.dim() < 2 else 0.35)
        value.data = ((drawn + (1 if norm else 0)) * 1024).round() / 1024
    return model.eval()


def save(model, tokenizer, name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer.save_pretrained(folder)
    model.half().save_pretrained(folder)
    model.double()
    config = json.loads((folder / "config.json").read_text())
    for key in ("transformers_version", "dtype"):
        config.pop(key, None)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    text = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(text, ensure_ascii=False, separators=(",", ":")) + "\n")


@torch.no_grad()
def vectors(model, tokenizer, texts):
    def states(batch):
        inputs = tokenizer(batch, padding=True, return_tensors="pt", return_token_type_ids=False)
        return model(**inputs).last_hidden_state, inputs["attention_mask"]

    def unit(vector):
        return (vector / vector.norm()).tolist()

    together, mask = states(texts)
    result = []
    for index, text in enumerate(texts):
        alone = states([text])[0][0]
        padded = together[index][mask[index].bool()]
        assert (alone - padded).abs().max() < 1e-12, (text, (alone - padded).abs().max())
        result.append(dict(text=text, ids=tokenizer(text)["input_ids"], cls=unit(alone[0]), mean=unit(alone.mean(0))))
    return result


@torch.no_grad()
def scores(model, tokenizer):
    def logits(first, second):
        inputs = tokenizer(first, second, padding=True, return_tensors="pt", return_token_type_ids=False)
        return model(**inputs).logits[:, 0].tolist()

    together = logits([QUERY] * len(PASSAGES), PASSAGES)
    pairs = []
    for passage, padded in zip(PASSAGES, together):
        alone = logits([QUERY], [passage])[0]
        assert abs(alone - padded) < 1e-12, (passage, alone, padded)
        pairs.append(dict(query=QUERY, passage=passage, ids=tokenizer([QUERY], [passage])["input_ids"][0], logit=alone))
    single = tokenizer(TEXTS[0], return_tensors="pt", return_token_type_ids=False)
    return dict(pairs=pairs, single=dict(ids=single["input_ids"][0].tolist(), logit=model(**single).logits[0, 0].item()))


def main():
    tokenizer = unigram(steps=True)
    model = randomise(XLMRobertaModel(XLMRobertaConfig(**shape(tokenizer))), 1)
    save(model, tokenizer, "embedding")
    expected = dict(embedding=vectors(model, tokenizer, TEXTS))
    pooling = HERE / "embedding" / "1_Pooling"
    pooling.mkdir()
    (pooling / "config.json").write_text(json.dumps(dict(
        word_embedding_dimension=16, pooling_mode_cls_token=True, pooling_mode_mean_tokens=False,
        pooling_mode_max_tokens=False, pooling_mode_mean_sqrt_len_tokens=False)) + "\n")
    (HERE / "embedding" / "modules.json").write_text(json.dumps([
        dict(idx=0, name="0", path="", type="sentence_transformers.models.Transformer"),
        dict(idx=1, name="1", path="1_Pooling", type="sentence_transformers.models.Pooling"),
        dict(idx=2, name="2", path="2_Normalize", type="sentence_transformers.models.Normalize")]) + "\n")

    tokenizer = unigram(steps=False)
    model = randomise(XLMRobertaForSequenceClassification(XLMRobertaConfig(**shape(tokenizer, num_labels=1))), 2)
    save(model, tokenizer, "reranker")
    expected["reranker"] = scores(model, tokenizer)

    tokenizer = bytes_bpe()
    model = randomise(RobertaForSequenceClassification(RobertaConfig(**shape(tokenizer, num_labels=1))), 3)
    save(model, tokenizer, "roberta")
    expected["roberta"] = scores(model, tokenizer)
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
