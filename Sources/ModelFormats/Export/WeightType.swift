public import Tensors

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

    /// The type of a tensor in a file of a kind (`WeightMix`).
    ///
    /// - Returns: the type, and whether it is another than the rules want because rows hold no whole blocks.
    func storedType(of tensor: TensorDescription, wanted: WeightType) -> (type: ElementType, isFallback: Bool) {
        guard let mix = WeightMix(wanted, model: model) else { return (tensor.type, false) }
        return mix.type(of: tensor.name, dimensions: tensor.dimensions)
    }

    /// The plain type that most weights of the model have; nil where most are quantised.
    public static func plainType(of model: ModelFile) -> WeightType? {
        commonType(of: model).flatMap { [ElementType.f32: .f32, .f16: .f16, .bf16: .bf16][$0] }
    }

    /// The block type that most weights of the model have; nil where most are plain numbers.
    public static func blockType(of model: ModelFile) -> ElementType? {
        commonType(of: model).flatMap { $0.blockLength > 1 ? $0 : nil }
    }

    private static func commonType(of model: ModelFile) -> ElementType? {
        var counts: [ElementType: Int] = [:]
        for tensor in model.tensors { counts[tensor.type, default: 0] += tensor.elementCount }
        return counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
    }
}
