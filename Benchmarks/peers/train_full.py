"""Training of all weights with transformers: tokens per second and memory."""

import peer


def main():
    options = peer.arguments(__doc__, "llama-19m").parse_args()
    peer.prepare(options)
    model = peer.load(options.model)
    peer.measure(model, list(model.parameters()), options, "full training")


if __name__ == "__main__":
    main()
