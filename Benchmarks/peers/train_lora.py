"""LoRA with PEFT on all linear layers: tokens per second and memory."""

import peer
from peft import LoraConfig, get_peft_model


def main():
    parser = peer.arguments(__doc__, "qwen2.5-0.5b")
    parser.add_argument("--rank", type=int, default=16)
    options = parser.parse_args()
    peer.prepare(options)
    model = peer.load(options.model)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = get_peft_model(
        model, LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules=targets, task_type="CAUSAL_LM"))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    peer.measure(model, trained, options, f"PEFT LoRA r={options.rank}")


if __name__ == "__main__":
    main()
