public import FoundationEssentials
import Tensors

extension PackedE5File {
    private static let embeddings = [
        ("emb.word", "token_embd.weight"), ("emb.pos", "position_embd.weight"), ("emb.type", "token_types.weight"),
        ("emb.ln.w", "token_embd_norm.weight"), ("emb.ln.b", "token_embd_norm.bias"),
    ]
    private static let block = [
        ("q", "attn_q"), ("k", "attn_k"), ("v", "attn_v"), ("ao", "attn_output"), ("aln", "attn_output_norm"),
        ("fi", "ffn_up"), ("fo", "ffn_down"), ("oln", "layer_output_norm"),
    ]

    /// Writes the model as GGUF: every block, norm, bias and score bit for bit, under GGUF's names and in its order.
    ///
    /// Keys stand in the order of the published conversion, so that equal inputs give its bytes.
    /// - Throws: `PackedE5Error`, `GGUFError`.
    public func writeGGUF(to url: URL) throws {
        var names = Self.embeddings
        for layer in 0..<layers {
            for (packed, gguf) in Self.block {
                for (letter, word) in [("w", "weight"), ("b", "bias")] {
                    names.append(("l\(layer).\(packed).\(letter)", "blk.\(layer).\(gguf).\(word)"))
                }
            }
        }
        var layout: [GGUFWriter.Layout] = []
        var ranges: [Range<Int>] = []
        for (packed, gguf) in names {
            guard let tensor = tensors[packed] else { throw PackedE5Error.tensor(name: packed, reason: "missing") }
            let dimensions = dimensions(packed)
            let placed = GGUFWriter.Layout(
                name: gguf, dimensions: dimensions, type: tensor.isQuantised ? .q4_0 : .f32)
            let count = dimensions.reduce(1, *)
            guard placed.type.byteCount(elements: count) == tensor.range.count, dimensions[0] % 32 == 0 else {
                throw PackedE5Error.tensor(
                    name: packed, reason: "\(tensor.range.count) bytes for the shape \(dimensions)")
            }
            layout.append(placed)
            ranges.append(tensor.range)
        }
        let writer = try GGUFWriter(to: url, keys: try keys(), tensors: layout, replacing: true)
        for range in ranges {
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 22) {
                try writer.write(Array(bytes[start..<min(range.upperBound, start + 1 << 22)]))
            }
        }
        try writer.finish()
    }

    /// The shape of a tensor, the contiguous dimension first.
    private func dimensions(_ name: String) -> [Int] {
        switch name {
        case "emb.word": return [hidden, rows]
        case "emb.pos": return [hidden, positions]
        case "emb.type": return [hidden, types]
        default: break
        }
        let part = name.split(separator: ".").dropFirst().joined(separator: ".")
        if part.hasSuffix("ln.w") || part.hasSuffix(".b") { return [part == "fi.b" ? inner : hidden] }
        switch part {
        case "fi.w": return [hidden, inner]
        case "fo.w": return [inner, hidden]
        default: return [hidden, hidden]
        }
    }

    private func keys() throws(PackedE5Error) -> [(key: String, value: GGUFValue)] {
        func count(_ value: Int) -> GGUFValue { .uint32(UInt32(clamping: value)) }
        let model: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .string("bert")),
            ("general.type", .string("model")),
            ("general.name", .string("Multilingual E5 Small")),
            ("general.organization", .string("intfloat")),
            ("general.basename", .string("multilingual-e5")),
            ("general.size_label", .string("small")),
            ("general.license", .string("mit")),
            ("general.tags", .array(.string(["sentence-similarity", "feature-extraction"]))),
            ("bert.block_count", count(layers)),
            ("bert.context_length", count(positions)),
            ("bert.embedding_length", count(hidden)),
            ("bert.feed_forward_length", count(inner)),
            ("bert.attention.head_count", count(heads)),
            ("bert.attention.layer_norm_epsilon", .float32(epsilon)),
            ("bert.attention.causal", .bool(false)),
            ("bert.pooling_type", .uint32(1)),
            ("general.file_type", .uint32(2)),
            ("general.quantization_version", .uint32(2)),
        ]
        return model + (try tokenizerKeys())
    }

    private func tokenizerKeys() throws(PackedE5Error) -> [(key: String, value: GGUFValue)] {
        let map: [UInt8]
        do { map = try CharacterMapData.bytes() } catch { throw .characterMap }
        // Rows of the embedding beyond the vocabulary have names that no text contains.
        let spare = pieces.count..<rows
        let mask = pieces.count - 1  // The last piece is <mask>.
        var types = [Int32](repeating: 1, count: pieces.count) + spare.map { _ in 5 }
        for id in [begin, padding, end, mask] { types[id] = 3 }
        types[unknown] = 2
        let tokenizer: [(key: String, value: GGUFValue)] = [
            ("model", .string("t5")),
            ("pre", .string("default")),
            ("tokens", .array(.string(pieces + spare.map { "[PAD\($0)]" }))),
            ("scores", .array(.float32(scores + spare.map { _ in -10000 }))),
            ("token_type", .array(.int32(types))),
            ("token_type_count", .uint32(UInt32(clamping: self.types))),
            ("add_space_prefix", .bool(true)),
            ("remove_extra_whitespaces", .bool(true)),
            ("precompiled_charsmap", .array(.uint8(map))),
            ("bos_token_id", .uint32(UInt32(clamping: begin))),
            ("eos_token_id", .uint32(UInt32(clamping: end))),
            ("unknown_token_id", .uint32(UInt32(clamping: unknown))),
            // The format's own spelling.
            ("seperator_token_id", .uint32(UInt32(clamping: end))),
            ("padding_token_id", .uint32(UInt32(clamping: padding))),
            ("mask_token_id", .uint32(UInt32(clamping: mask))),
            ("add_bos_token", .bool(true)),
            ("add_eos_token", .bool(true)),
        ]
        return tokenizer.map { ("tokenizer.ggml." + $0.key, $0.value) }
    }
}
