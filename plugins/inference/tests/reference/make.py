"""Makes the reference files under data/models/reference that tests compare with, by other people's software.

Needs: pip install torch transformers peft sentencepiece safetensors gguf
Run from the root of the repository: python plugins/inference/tests/reference/make.py
It reads tiny.json and tiny.safetensors, checks that they give what they claim, and writes the rest beside them:

    adapter/            a LoRA adapter of peft for the tiny Llama, and the same as llama.cpp keeps it
    adapter.json        the logits of the tiny Llama with the adapter, once with alpha / r and once with alpha / sqrt r
    adapter-bert/       a LoRA adapter of peft for the tiny BERT, with its head for the classes, trained whole
    adapter-bert.json   the logits of the tiny BERT with it
    segments.json       the tiny BERT on pairs of texts
    sentencepiece/      two small SentencePiece models, spaces put before texts or not, and what they make of some texts
    cased/              a small cased WordPiece vocabulary, and what transformers makes of some texts
"""

import json
import shutil
from pathlib import Path

import gguf
import sentencepiece
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file

HERE = Path("data/models/reference")
torch.manual_seed(5)


def tiny(name, kind, config_kind):
    reference = json.loads((HERE / "tiny.json").read_text())[name]
    prefix = name + "/"
    all_tensors = load_file(HERE / "tiny.safetensors")
    tensors = {key.removeprefix(prefix): value.float() for key, value in all_tensors.items() if key.startswith(prefix)}
    model = kind(config_kind(**reference["config"]))
    missing = model.load_state_dict(tensors, strict=False).missing_keys
    assert not missing, missing
    return model.eval(), reference


def last_logits(model, inputs):
    with torch.no_grad():
        return [model(torch.tensor([ids])).logits[0, -1].tolist() for ids in inputs]


def check(model, reference):
    found, expected = torch.tensor(last_logits(model, reference["inputs"])), torch.tensor(reference["outputs"])
    assert (found - expected).abs().max() < 1e-4, (found - expected).abs().max()


def rounded(rows):
    return [[round(number, 6) for number in row] for row in rows]


def adapters():
    model, reference = tiny("llama-gqa", transformers.LlamaForCausalLM, transformers.LlamaConfig)
    check(model, reference)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    settings = LoraConfig(r=4, lora_alpha=6, target_modules=targets, task_type="CAUSAL_LM")
    model = get_peft_model(model, settings)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    folder = HERE / "adapter"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    outputs = {}
    for kind in ["plain", "rslora"]:
        config = json.loads((folder / "adapter_config.json").read_text())
        config["use_rslora"] = kind == "rslora"
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
        base, _ = tiny("llama-gqa", transformers.LlamaForCausalLM, transformers.LlamaConfig)
        merged = PeftModel.from_pretrained(base, folder).merge_and_unload().eval()
        outputs[kind] = rounded(last_logits(merged, reference["inputs"]))
    # Left as it is in most files.
    config["use_rslora"] = False
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (HERE / "adapter.json").write_text(json.dumps({"inputs": reference["inputs"], **outputs}))
    gguf_adapter(folder, heads=8, key_value_heads=2)


def gguf_adapter(folder, heads, key_value_heads):
    """As llama.cpp's convert_lora_to_gguf.py does it: names of GGUF, and the rows of B for queries and keys permuted."""
    names = {
        "self_attn.q_proj": ("attn_q", heads),
        "self_attn.k_proj": ("attn_k", key_value_heads),
        "self_attn.v_proj": ("attn_v", None),
        "self_attn.o_proj": ("attn_output", None),
        "mlp.gate_proj": ("ffn_gate", None),
        "mlp.up_proj": ("ffn_up", None),
        "mlp.down_proj": ("ffn_down", None),
    }
    writer = gguf.GGUFWriter(folder / "adapter.gguf", "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 6.0)
    for name, tensor in sorted(load_file(folder / "adapter_model.safetensors").items()):
        layer, rest = name.removeprefix("base_model.model.model.layers.").removesuffix(".weight").split(".", 1)
        part, half = rest.rsplit(".", 1)
        own, permuted = names[part]
        array = tensor.float().numpy()
        if half == "lora_B" and permuted:
            rows, columns = array.shape
            array = array.reshape(permuted, 2, rows // permuted // 2, columns).swapaxes(1, 2).reshape(rows, columns)
        writer.add_tensor(f"blk.{layer}.{own}.weight.{half.lower()}", array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def classifying_adapter():
    """A LoRA adapter of a classifier, whose head for the classes peft trains, and so saves, whole."""
    model, reference = tiny("bert", transformers.BertForSequenceClassification, transformers.BertConfig)
    settings = LoraConfig(r=2, lora_alpha=4, target_modules=["query", "value"], task_type="SEQ_CLS")
    model = get_peft_model(model, settings)
    for name, parameter in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    folder = HERE / "adapter-bert"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    merged = model.merge_and_unload().eval()
    with torch.no_grad():
        logits = [merged(torch.tensor([ids])).logits[0].tolist() for ids in reference["inputs"]]
    (HERE / "adapter-bert.json").write_text(json.dumps({"inputs": reference["inputs"], "plain": rounded(logits)}))


def segments():
    model, reference = tiny("bert", transformers.BertForSequenceClassification, transformers.BertConfig)
    cases = []
    for ids in reference["inputs"]:
        for second in sorted({1, len(ids) // 2, len(ids) - 1}):
            kinds = [0] * second + [1] * (len(ids) - second)
            with torch.no_grad():
                logits = model(torch.tensor([ids]), token_type_ids=torch.tensor([kinds])).logits[0].tolist()
            cases.append({"ids": ids, "second": second, "logits": [round(number, 6) for number in logits]})
    (HERE / "segments.json").write_text(json.dumps(cases))


TEXTS = [
    "@GENE$ causes @DISEASE$.",
    "",
    " ",
    "  two  spaces ",
    "TNF-\u03b1 (p<0.05) in na\u00efve mice",
    "a\nb\n\nc",
    "\tIL-6\t",
    "<mark>gene</mark> and [MASK]",
    "\U0001f9ec DNA \u00e9\u0301",
    "No association was found between BRCA1 and breast cancer.",
    "\u4e2d\u6587 text",
    "Don't stop: 12,000 patients; 3.5% (n=7)!",
]


def sentence_pieces():
    folder = HERE / "sentencepiece"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rows = (Path("data") / "gad" / "gad.tsv").read_text().splitlines()[:1500]
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(row.split("\t")[-1] for row in rows))
    cases = {}
    for name, prefix in [("prefix", True), ("bare", False)]:
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=str(folder / name), model_type="bpe", vocab_size=700, byte_fallback=True,
            add_dummy_prefix=prefix, remove_extra_whitespaces=False, normalization_rule_name="identity",
            user_defined_symbols=["<mark>", "\n\n", "\u2581\u2581"] if not prefix else [], character_coverage=0.999,
            num_threads=1, bos_id=2 if not prefix else 1, eos_id=1 if not prefix else 2, unk_id=3 if not prefix else 0,
            pad_id=0 if not prefix else -1,
        )
        (folder / f"{name}.vocab").unlink()
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.model"))
        cases[name] = {"bos": model.bos_id(), "ids": [model.encode(text) for text in TEXTS]}
    corpus.unlink()
    (folder / "cases.json").write_text(json.dumps({"texts": TEXTS, **cases}))


def cased():
    folder = HERE / "cased"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "@", "$", "GE", "##NE", "DI", "##SE", "##AS", "##E", "causes"]
    pieces += ["Gene", "gene", "B", "##R", "##CA", "##1", ".", ",", "(", ")", "-", "na", "##\u00ef", "##ve", "##i", "No", "no"]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    texts = ["@GENE$ causes @DISEASE$.", "Gene gene GENE", "BRCA1, no No (na\u00efve)", "naive-gene", ""]
    cases = {"texts": texts}
    for lower in [False, True]:
        tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"), do_lower_case=lower)
        cases["lower" if lower else "cased"] = [tokenizer(text)["input_ids"] for text in texts]
        cases["lower pairs" if lower else "cased pairs"] = tokenizer("Gene", "causes @")["input_ids"]
    (folder / "cases.json").write_text(json.dumps(cases))


adapters()
classifying_adapter()
segments()
sentence_pieces()
cased()
