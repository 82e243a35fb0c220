import Tensors

/// Writes a model in another format or type: any `ModelFile` to a GGUF file or to a Hugging Face folder.
///
/// Weights go through memory in pieces of a few megabytes. The target appears only when it is complete.
///
///     let model = try ModelFile.open(folder)
///     let report = try ModelExporter(model).writeGGUF(to: url, type: .q8_0, tokenizer: keys)
public struct ModelExporter {
    /// What weight matrices are stored as.
    public enum WeightType: String, CaseIterable, Codable, Sendable {
        case f32
        case f16
        case bf16
        case q8_0
        case q4_0

        /// Whether safetensors can hold it.
        public var isPlain: Bool { self == .f32 || self == .f16 || self == .bf16 }

        var elementType: ElementType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            case .q8_0: .q8_0
            case .q4_0: .q4_0
            }
        }

        /// The number of `general.file_type`.
        var fileType: UInt32 {
            switch self {
            case .f32: 0
            case .f16: 1
            case .q4_0: 2
            case .q8_0: 7
            case .bf16: 32
            }
        }
    }

    /// How far the writing is.
    public struct Progress: Equatable, Sendable {
        /// The tensor that was completed last.
        public let tensor: String
        /// Weights written so far.
        public let done: Int
        /// Weights in all.
        public let total: Int
    }

    /// What was written.
    public struct Report: Equatable, Codable, Sendable {
        /// Number of tensors by type.
        public var types: [String: Int] = [:]
        /// Weight matrices that could not have the wanted type because their rows do not hold whole blocks.
        public var fallbacks: [String] = []
        /// Tensors that the target format has no place for.
        public var skipped: [String] = []
    }

    let model: ModelFile
    let progress: (Progress) -> Void
    /// Weights that are converted at once: 4 MiB as f32.
    static let pieceLength = 1 << 20

    /// An exporter of this model; `progress` is called after every tensor.
    public init(_ model: ModelFile, progress: @escaping (Progress) -> Void = { _ in }) {
        self.model = model
        self.progress = progress
    }

    /// Converts a tensor piece by piece and hands out the bytes.
    ///
    /// Equal types are copied as they are. `order` gives for a row of the output the row of the model to take;
    /// it may only move rows within groups of `group` rows.
    func convert(
        _ tensor: TensorDescription, to type: ElementType, group: Int = 1, order: (Int) -> Int = { $0 },
        _ body: ([UInt8]) throws -> Void
    ) throws {
        let fitting = max(1, Self.pieceLength / max(1, tensor.columns))
        let step = max(group, fitting / group * group)
        var start = 0
        while start < tensor.rows {
            try Task.checkCancellation()
            let rows = start..<min(tensor.rows, start + step)
            var bytes = try model.read(tensor.name, rows: rows)
            if group > 1 {
                let unit = tensor.rowBytes
                let source = bytes
                bytes = rows.flatMap { row in
                    let from = (order(row) - start) * unit
                    return source[from..<(from + unit)]
                }
            }
            if tensor.type != type {
                let values = try Quantisation.dequantise(
                    bytes, type: tensor.type, count: rows.count * tensor.columns)
                bytes = try Quantisation.encode(values, type: type)
            }
            try body(bytes)
            start = rows.upperBound
        }
    }
}
