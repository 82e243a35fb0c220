/// The two names that a weight has: in Hugging Face's safetensors and in GGUF (README-models §6.3).
public enum TensorNames {
    private static let top = [
        ("embed_tokens.weight", "token_embd.weight"),
        ("norm.weight", "output_norm.weight"),
    ]

    private static let block = [
        ("input_layernorm", "attn_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ]

    private static let toGGUF = Dictionary(uniqueKeysWithValues: block)
    private static let toHuggingFace = Dictionary(uniqueKeysWithValues: block.map { ($1, $0) })

    /// The same in an architecture whose names differ, with the number of the expert where each has a tensor of its
    /// own and GGUF has one stack of all; nil when it has none.
    static func gguf(_ name: String, architecture: Architecture) -> (name: String, expert: Int?)? {
        let bare = name.hasPrefix("model.") ? String(name.dropFirst(6)) : name
        var parts = bare.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, parts[0] == "layers", number(parts[1]) != nil else {
            return gguf(name).map { ($0, nil) }
        }
        var expert: Int?
        if let place = parts.indices.dropFirst(3).first(where: { parts[$0 - 1] == "experts" }),
            let index = number(parts[place])
        {
            expert = index
            parts[place] = "*"
        }
        let stem = parts[2..<(parts.count - 1)].joined(separator: ".")
        guard let known = architecture.tensorNames[stem], let suffix = parts.last, ["weight", "bias"].contains(suffix)
        else { return expert == nil ? gguf(name).map { ($0, nil) } : nil }
        return ("blk.\(parts[1]).\(known).\(suffix)", expert)
    }

    /// A number as files write it: without sign and leading zeros.
    private static func number(_ text: String) -> Int? { Int(text).flatMap { String($0) == text ? $0 : nil } }

    /// The GGUF name of a Hugging Face tensor (with `model.` in front or without); nil when it has none.
    public static func gguf(_ name: String) -> String? {
        if name == "lm_head.weight" { return "output.weight" }
        let bare = name.hasPrefix("model.") ? String(name.dropFirst(6)) : name
        if let known = top.first(where: { $0.0 == bare }) { return known.1 }
        let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0] == "layers", let index = Int(parts[1]), String(index) == parts[1],
            let suffix = parts.last, suffix == "weight" || suffix == "bias",
            let known = toGGUF[parts[2..<(parts.count - 1)].joined(separator: ".")]
        else { return nil }
        return "blk.\(index).\(known).\(suffix)"
    }

    /// The Hugging Face name of a GGUF tensor; nil when it has none.
    public static func huggingFace(_ name: String) -> String? {
        if name == "output.weight" { return "lm_head.weight" }
        if let known = top.first(where: { $0.1 == name }) { return "model." + known.0 }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "blk", let known = toHuggingFace[String(parts[2])] else { return nil }
        return "model.layers.\(parts[1]).\(known).\(parts[3])"
    }

    /// The module of transformers that a GGUF matrix belongs to: `model.layers.0.self_attn.q_proj` for
    /// `blk.0.attn_q.weight`; nil when it has none.
    public static func module(ofTensor name: String) -> String? {
        guard let full = huggingFace(name), full.hasSuffix(".weight") else { return nil }
        return String(full.dropLast(7))
    }

    /// Where a GGUF tensor stands in a file: what is not part of a block first, then block after block.
    static func place(_ name: String) -> Int {
        let parts = name.split(separator: ".")
        guard parts.count > 2, parts[0] == "blk", let index = Int(parts[1]) else { return -1 }
        return index
    }

    /// Buffers of old checkpoints that hold what follows from the configuration.
    static func isDerived(_ name: String) -> Bool { name.hasSuffix(".rotary_emb.inv_freq") }
}
