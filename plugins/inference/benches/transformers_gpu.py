"""The prompts of the bench `gpu` through transformers and torch in bfloat16, on the same card: what there is to beat.

Random weights of the right shape; whole prompts, since transformers has no shared beginning for a batch; logits of the last
token alone. Prints sentences a second for the best of the batch sizes.

    python3 plugins/inference/benches/transformers_gpu.py [PART_OF_A_NAME...]
"""

import sys
import time

import torch
from transformers import BertConfig, BertForSequenceClassification, GemmaConfig, GemmaForCausalLM, LlamaConfig, LlamaForCausalLM

SECONDS = 2.0


def llama_2_7b():
    return LlamaForCausalLM, LlamaConfig(
        vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32
    )


def gemma(hidden_size, layers, inner, heads, key_heads):
    return GemmaForCausalLM, GemmaConfig(
        vocab_size=256000,
        hidden_size=hidden_size,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        head_dim=256,
    )


MODELS = {
    "Llama-2-7b": (llama_2_7b(), 101, (64, 128)),
    "Gemma-2b": (gemma(2048, 18, 16384, 8, 1), 101, (128, 256)),
    "Gemma-7b": (gemma(3072, 28, 24576, 16, 16), 101, (64, 128)),
    "BERT-base": ((BertForSequenceClassification, BertConfig()), 44, (512, 1024)),
}


def measure(model, tokens, batch):
    inputs = torch.randint(10, 8000, (batch, tokens), device="cuda")
    options = {} if isinstance(model, BertForSequenceClassification) else {"logits_to_keep": 1, "use_cache": False}
    with torch.inference_mode():
        for _ in range(3):
            model(inputs, **options)
        torch.cuda.synchronize()
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS:
            model(inputs, **options)
            torch.cuda.synchronize()
            count += batch
        return count / (time.perf_counter() - start)


def main():
    wanted = sys.argv[1:]
    print(f"transformers in bfloat16 on {torch.cuda.get_device_name()}, torch {torch.__version__}")
    for name, ((kind, config), tokens, batches) in MODELS.items():
        if wanted and not any(part in name for part in wanted):
            continue
        torch.set_default_dtype(torch.bfloat16)
        with torch.device("cuda"):
            model = kind(config).eval()
        best = max((measure(model, tokens, batch), batch) for batch in batches)
        print(f"{name:<22} {tokens:>4} tokens {best[0]:>12.0f} sentences/s, batches of {best[1]}", flush=True)
        del model
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
