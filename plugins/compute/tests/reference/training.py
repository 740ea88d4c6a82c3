"""Writes data/models/reference/training.json: how torch and peft train the tiny reference models.

Needs: torch transformers peft safetensors
Run from the root of the repository: python plugins/compute/tests/reference/training.py

For each run: the mean cost before each of 50 steps of AdamW, and the logits of the answers afterwards. Nothing is
random: dropout is off, the batch is always the same, and the halves of adapters begin as `half` says.
"""

import json
import math
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file

HERE = Path("data/models/reference")
STEPS, RATE, CLIP, ANSWERS = 50, 2e-3, 1.0, [5, 9, 77]
PARTS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "query", "key", "value"]
torch.set_num_threads(2)
torch.backends.cuda.matmul.allow_tf32 = False


def tiny(name, kind, config_kind, **settings):
    reference = json.loads((HERE / "tiny.json").read_text())[name]
    prefix = name + "/"
    tensors = {key.removeprefix(prefix): value.float() for key, value in load_file(HERE / "tiny.safetensors").items()
               if key.startswith(prefix)}
    config = config_kind(**reference["config"], **settings)
    model = kind(config)
    assert not model.load_state_dict(tensors, strict=False).missing_keys
    return model.float(), reference["inputs"]


def half(name, shape):
    """The start of half an adapter, from its place alone."""
    layer = int(name.split("layers." if "layers." in name else "layer.")[1].split(".")[0])
    part = next(index for index, part in enumerate(PARTS) if f".{part}." in name)
    which = 0.0 if "lora_A" in name else 0.5
    place = torch.arange(math.prod(shape), dtype=torch.float64)
    return (0.05 * torch.cos(0.37 * place + layer + part + which)).float().reshape(shape)


def logits(model, inputs, decoder):
    rows = [model(torch.tensor([ids])).logits[0] for ids in inputs]
    return torch.stack([row[-1, ANSWERS] if decoder else row for row in rows])


def train(model, inputs, decoder, decay):
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = half(name, parameter.shape)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in trained if parameter.ndim > 1]
    vectors = [parameter for parameter in trained if parameter.ndim == 1]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    truth = torch.arange(len(inputs)) % (3 if decoder else 2)
    costs = []
    model.eval()
    for _ in range(STEPS):
        cost = torch.nn.functional.cross_entropy(logits(model, inputs, decoder), truth)
        costs.append(cost.item())
        optimizer.zero_grad()
        cost.backward()
        torch.nn.utils.clip_grad_norm_(trained, CLIP)
        optimizer.step()
    with torch.no_grad():
        after = logits(model, inputs, decoder)
    return {"costs": costs, "logits": [[round(number, 6) for number in row] for row in after.tolist()]}


def main():
    causal = (transformers.LlamaForCausalLM, transformers.LlamaConfig)
    gemma = (transformers.GemmaForCausalLM, transformers.GemmaConfig)
    bert = (transformers.BertForSequenceClassification, transformers.BertConfig)
    runs = {"rate": RATE, "clip": CLIP, "answers": ANSWERS, "decay": 0.01}
    for name, kinds, decoder in [("llama-gqa", causal, True), ("gemma", gemma, True), ("bert", bert, False)]:
        model, inputs = tiny(name, *kinds)
        runs[name + "/all"] = train(model, inputs, decoder, 0.01)
        model, inputs = tiny(name, *kinds)
        targets = PARTS[:7] if decoder else PARTS[7:]
        task = "CAUSAL_LM" if decoder else "SEQ_CLS"
        saved = None if decoder else ["classifier", "pooler"]
        config = LoraConfig(r=4, lora_alpha=6, target_modules=targets, task_type=task, modules_to_save=saved)
        runs[name + "/lora"] = train(get_peft_model(model, config), inputs, decoder, 0.01)
    text = json.dumps(runs, indent=1)
    Path(HERE / "training.json").write_text(text + "\n")


main()
