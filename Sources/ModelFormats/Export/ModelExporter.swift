public import Tensors

/// Writes a model in another format or type: any `ModelFile` to a GGUF file or to a Hugging Face folder.
///
/// Weights go through memory in pieces of a few megabytes. The target appears only when it is complete. An adapter is
/// merged on the way.
///
///     let model = try ModelFile.open(folder)
///     let report = try ModelExporter(model).writeGGUF(to: url, type: .q8_0, tokenizer: keys)
public struct ModelExporter {
    /// How far the writing is.
    public struct Progress: Equatable, Sendable {
        /// The tensor that is being written.
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
    let adapter: LoRAAdapter?
    let pool: WorkerPool?
    let progress: (Progress) -> Void
    /// Weights that are converted at once: 4 MiB as f32.
    static let pieceLength = 1 << 20

    /// An exporter of this model; `progress` is called after every piece, once at least for each tensor.
    ///
    /// - Parameters:
    ///   - adapter: merged into the weights.
    ///   - pool: threads that convert and merge; without one the caller's thread does.
    /// - Throws: `AdapterError` where the adapter was made for another base.
    public init(
        _ model: ModelFile, adapter: LoRAAdapter?, pool: WorkerPool? = nil,
        progress: @escaping (Progress) -> Void = { _ in }
    ) throws(AdapterError) {
        try adapter?.check(against: model)
        self.model = model
        self.adapter = adapter
        self.pool = pool
        self.progress = progress
    }

    /// An exporter of this model as it is.
    public init(_ model: ModelFile, progress: @escaping (Progress) -> Void = { _ in }) {
        self.model = model
        adapter = nil
        pool = nil
        self.progress = progress
    }

    /// Converts a tensor piece by piece and hands out the bytes, and how many weights they are.
    ///
    /// Equal types are copied as they are. `order` gives for a row of the output the row of the model to take;
    /// it may only move rows within groups of `group` rows.
    func convert(
        _ tensor: TensorDescription, to type: ElementType, group: Int = 1, order: (Int) -> Int = { $0 },
        _ body: ([UInt8], Int) throws -> Void
    ) throws {
        let merged = try merged(tensor)
        let fitting = max(1, Self.pieceLength / max(1, tensor.columns))
        let step = max(group, fitting / group * group)
        var start = 0
        while start < tensor.rows {
            try Task.checkCancellation()
            let rows = start..<min(tensor.rows, start + step)
            var bytes = try model.read(tensor.name, rows: rows)
            var current = tensor.type
            if let merged {
                let values = try Quantisation.dequantise(bytes, type: current, count: rows.count * tensor.columns)
                bytes = try Quantisation.encode(merged.merged(values, rows: rows), type: .f32)
                current = .f32
            }
            if group > 1 {
                let unit = bytes.count / max(1, rows.count)
                let source = bytes
                bytes = rows.flatMap { row in
                    let from = (order(row) - start) * unit
                    return source[from..<(from + unit)]
                }
            }
            if current != type {
                bytes = try converted(bytes, from: current, to: type, of: tensor, rows: rows)
            } else if type.blockLength == 1 {
                // Copied, but looked at: damage must not travel on under a new name.
                try checkNumbers(bytes, type, of: tensor, rows: rows)
            }
            try body(bytes, rows.count * tensor.columns)
            start = rows.upperBound
        }
    }

    private func checkNumbers(
        _ bytes: [UInt8], _ type: ElementType, of tensor: TensorDescription, rows: Range<Int>
    ) throws {
        let values = try Quantisation.dequantise(bytes, type: type, count: rows.count * tensor.columns)
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        let row = rows.lowerBound + index / max(1, tensor.columns)
        throw ExportError.badWeight(tensor: tensor.name, row: row, value: values[index], type: type.name)
    }

    /// Some rows in another type; a weight that does not fit is named with its place.
    private func converted(
        _ bytes: [UInt8], from source: ElementType, to target: ElementType, of tensor: TensorDescription,
        rows: Range<Int>
    ) throws -> [UInt8] {
        let count = rows.count * tensor.columns
        do {
            return try Quantisation.convert(bytes, from: source, to: target, count: count, pool: pool)
        } catch {
            guard case .notRepresentable(let index, let value, _) = error else { throw error }
            let row = rows.lowerBound + index / max(1, tensor.columns)
            throw ExportError.badWeight(tensor: tensor.name, row: row, value: value, type: target.name)
        }
    }

    /// Throws where a tensor would have to be written in a type that nothing here encodes.
    func checkEncodable(_ tensor: TensorDescription, as type: ElementType) throws(ExportError) {
        let changes = type != tensor.type || adapter?.module(forTensor: tensor.name) != nil
        guard changes, !type.isEncodable else { return }
        let known = WeightType.allCases.filter { $0 != .same }.map(\.rawValue)
        throw .notEncodable(tensor: tensor.name, type: type.name, known: known)
    }

    /// What an adapter changes of a tensor; nil where it changes nothing.
    private func merged(_ tensor: TensorDescription) throws -> MergedTensor? {
        guard let adapter, let module = adapter.module(forTensor: tensor.name) else { return nil }
        return try MergedTensor(
            module, adapter, configuration: model.configuration, pool: try pool ?? WorkerPool(threads: 1))
    }
}
