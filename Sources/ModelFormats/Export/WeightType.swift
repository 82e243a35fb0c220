import Tensors

extension ModelExporter {
    /// What weight matrices are stored as: one type for all, or one of llama.cpp's mixes.
    public enum WeightType: String, CaseIterable, Codable, Sendable {
        case f32
        case f16
        case bf16
        case q8_0
        case q4_0
        case q6_k
        case q5_k_m
        case q4_k_m
        /// Each tensor in the type that it has in the model.
        case same

        /// Whether safetensors can hold it.
        public var isPlain: Bool { self == .f32 || self == .f16 || self == .bf16 }

        /// The type of most matrices; nil for `same`.
        var elementType: ElementType? {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            case .q8_0: .q8_0
            case .q4_0: .q4_0
            case .q6_k: .q6_k
            case .q5_k_m: .q5_k
            case .q4_k_m: .q4_k
            case .same: nil
            }
        }

        /// The number of `general.file_type`; nil for `same`.
        var fileType: UInt32? {
            switch self {
            case .f32: 0
            case .f16: 1
            case .q4_0: 2
            case .q8_0: 7
            case .q4_k_m: 15
            case .q5_k_m: 17
            case .q6_k: 18
            case .bf16: 32
            case .same: nil
            }
        }
    }

    /// The type of a matrix in a file of a kind, by llama.cpp's rules (facts/gguf.md §11).
    ///
    /// - Returns: the type, and whether it is another than the rules want because rows hold no whole blocks.
    func storedType(of tensor: TensorDescription, wanted: WeightType) -> (type: ElementType, isFallback: Bool) {
        guard let base = wanted.elementType else { return (tensor.type, false) }
        let isMatrix =
            tensor.dimensions.count >= 2 && tensor.name.hasSuffix(".weight") && !tensor.name.hasSuffix("_norm.weight")
        guard isMatrix else { return (.f32, false) }
        let output = model.configuration.tiedOutput ? "token_embd.weight" : "output.weight"
        var type = base
        if tensor.name == output {
            switch base {
            // Its errors go straight into the logits.
            case .q4_0: type = .q8_0
            case .q4_k, .q5_k: type = .q6_k
            default: break
            }
        } else if base == .q4_k || base == .q5_k, takesMoreBits(tensor) {
            type = .q6_k
        } else if base == .q4_k, isLargeLlama, tensor.name.hasSuffix(".attn_v.weight") {
            type = .q5_k
        }
        if tensor.columns % type.blockLength == 0 { return (type, false) }
        let narrower: [ElementType: ElementType] = [.q4_k: .q5_0, .q5_k: .q5_1, .q6_k: .q8_0]
        if let next = narrower[type], tensor.columns % next.blockLength == 0 { return (next, true) }
        return (.f16, true)
    }

    /// The values and the second feed-forward matrix, in the first and last eighth of the layers and every third
    /// between.
    private func takesMoreBits(_ tensor: TensorDescription) -> Bool {
        let parts = tensor.name.split(separator: ".")
        guard parts.count == 4, parts[2] == "attn_v" || parts[2] == "ffn_down", let layer = Int(parts[1]) else {
            return false
        }
        let layers = model.configuration.blockCount
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
    }

    /// Models of 80 blocks that share values among heads lose more by small values.
    private var isLargeLlama: Bool {
        let configuration = model.configuration
        return configuration.architecture == .llama && configuration.blockCount == 80
            && configuration.headCount != configuration.kvHeadCount
    }

    /// The plain type that most weights of the model have; nil where most are quantised.
    public static func plainType(of model: ModelFile) -> WeightType? {
        var counts: [ElementType: Int] = [:]
        for tensor in model.tensors { counts[tensor.type, default: 0] += tensor.elementCount }
        guard let most = counts.max(by: { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) })?.key else {
            return nil
        }
        return [ElementType.f32: .f32, .f16: .f16, .bf16: .bf16][most]
    }
}
