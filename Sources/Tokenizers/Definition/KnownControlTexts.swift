/// Texts that published models use for control tokens, whatever their files say about the type.
///
/// Published vocabularies often mark such tokens as user-defined or normal. A text that ends a turn must never be
/// produced from what a user wrote, so these are control tokens here as they are in llama.cpp, the safe side.
enum KnownControlTexts {
    /// Texts that end a turn or a message; when no id is given in the file, the first one present is the end of turn.
    static let endOfTurn: [String] = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<turn|>", "<|endoftext|>", "<|end_of_text|>",
        "<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>",
    ]

    /// Texts of an end of message (the model waits for a tool's result).
    static let endOfMessage: [String] = ["<|eom_id|>"]

    /// Texts that end generation wherever a vocabulary has them.
    static let endOfGeneration: [String] = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
        "<turn|>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
        "<end_of_utterance>", "<eos>",
        // Fill-in-the-middle padding, repository and file separators: what follows is another document.
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>",
        "<reponame>", "<|file_sep|>",
    ]

    /// Texts of fill-in-the-middle: control, but they do not end generation.
    static let fillInTheMiddle: [String] = [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>",
    ]

    /// All of them.
    static let all: [String] = endOfTurn + endOfMessage + endOfGeneration + fillInTheMiddle
}
