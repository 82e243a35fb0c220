public import ModelFormats
public import Tensors
import Transformers

/// What is trained of a model.
public enum TrainedPart: Sendable, Equatable {
    /// All weights, in f32.
    case everything
    /// Low-rank factors beside frozen weights, which keep the type of the file.
    case lowRank(LoRAConfiguration)
    /// Nothing: a reference that only computes.
    case nothing
}

/// A decoder (llama, mistral, qwen2, qwen3) with what is trained of it, ready for passes forward and back.
///
/// Frozen weights are the served model's own, of any type that it may have; products unpack them to their exact
/// values. All sums have one order: gradients are the same bits for any number of threads.
public final class TrainingModel: Sendable {
    /// The hyperparameters.
    public let configuration: ModelConfiguration
    /// What is trained.
    public let part: TrainedPart
    /// All trained values.
    public let arena: ParameterArena

    let shape: ModelShape
    let embedding: Tensor
    let blocks: [TrainedBlock]
    let outputNorm: Tensor
    /// Nil: the embedding.
    let output: Tensor?
    let rope: RopeTable

    /// The most memory that frozen weights take, in bytes.
    public let frozenBytes: Int

    /// Reads a model for training. Adapters start with A uniform in ± √(3 / in) · √(1/3) (Kaiming, as PEFT) from the
    /// seed, B = 0, and magnitudes as the norms of W.
    /// - Throws: `TrainingModelError`, and what reading the file throws.
    public init(
        file: ModelFile, part: TrainedPart, seed: UInt64,
        progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        let loader = try TrainingModelLoader(file: file, part: part, progress: progress)
        configuration = file.configuration
        self.part = part
        shape = loader.shape
        rope = RopeTable(configuration: file.configuration)
        embedding = try loader.tensor("token_embd.weight", decays: false)
        blocks = try (0..<shape.blocks).map { try loader.block($0) }
        outputNorm = try loader.tensor("output_norm.weight", decays: false)
        output = configuration.tiedOutput ? nil : try loader.tensor("output.weight", decays: true)
        arena = try ParameterArena(loader.layout.parameters)
        frozenBytes = loader.frozenBytes
        try loader.fill(arena)
        initialiseAdapter(seed: seed)
    }

    /// The norms of the rows of W + s B A, of each layer with magnitudes.
    func magnitudeNorms(pool: WorkerPool) throws -> [Int: FloatBuffer] {
        var result: [Int: FloatBuffer] = [:]
        for linear in blocks.flatMap(\.linears) {
            guard let low = linear.lowRank, let magnitude = low.magnitude,
                case .frozenMatrix(let matrix) = linear.weight
            else { continue }
            let norms = try FloatBuffer(count: linear.rows)
            let step = 64
            let rows = try FloatBuffer(count: step * linear.columns)
            let scaled = try FloatBuffer(count: step * low.rank)
            let packed = try FloatBuffer(count: PackedFactor.floats(m: step, depth: low.rank))
            for first in stride(from: 0, to: linear.rows, by: step) {
                let count = min(step, linear.rows - first)
                let view = MatrixView(rows, rows: count, columns: linear.columns)
                let factor = PackedFactor(in: packed, m: count, depth: low.rank)
                let left = MatrixView(scaled, rows: count, columns: low.rank)
                let source = MatrixView(
                    arena.values, offset: low.b.offset + first * low.rank, rows: count, columns: low.rank)
                pool.run { worker in
                    worker.forEachChunk(count) { row in
                        matrix.decodeRow(first + row, into: rows, at: row * linear.columns)
                    }
                    worker.barrier()
                    worker.copy(source, to: left)
                    worker.scale(low.scale, left)
                    worker.pack(left, into: factor)
                    worker.compute([
                        ProductSum([(factor, .values(self.arena.value(low.a)))], into: view, accumulate: true)
                    ])
                    worker.forEachChunk(count) { row in
                        let range = row * linear.columns..<(row + 1) * linear.columns
                        norms[first + row] = Float(rows.sumOfSquares(range).squareRoot())
                    }
                    worker.barrier()
                }
            }
            result[magnitude.offset] = norms
        }
        return result
    }

    private func initialiseAdapter(seed: UInt64) {
        for linear in blocks.flatMap(\.linears) {
            guard let low = linear.lowRank else { continue }
            var random = TensorRandom(seed: seed, name: low.a.name)
            let bound = 1 / Float(linear.columns).squareRoot()
            arena.values.store((0..<low.a.count).map { _ in random.uniform(-bound, bound) }, at: low.a.offset)
        }
    }

    /// Sets the magnitudes to the norms of W + s B A: how DoRA begins.
    public func resetMagnitudes(pool: WorkerPool) throws {
        for (offset, norms) in try magnitudeNorms(pool: pool) { arena.values.store(norms.array, at: offset) }
    }

    /// Takes the values of an adapter that has the layers of this one.
    public func load(_ adapter: LoRAAdapter) throws {
        for linear in blocks.flatMap(\.linears) {
            guard let low = linear.lowRank else { continue }
            guard let found = adapter.module(forTensor: linear.name + ".weight"), found.rank == low.rank else {
                throw TrainingModelError.adapterLacks(module: linear.name, rank: low.rank)
            }
            let module = LoRAAdapter.inFileOrder(found, configuration)
            arena.values.store(module.a, at: low.a.offset)
            arena.values.store(module.b, at: low.b.offset)
            if let magnitude = low.magnitude, let values = module.magnitude {
                arena.values.store(values, at: magnitude.offset)
            }
        }
    }

    /// The trained factors as an adapter in Hugging Face's order; nil where the model itself is trained.
    public func adapter() throws -> LoRAAdapter? {
        guard case .lowRank(let configuration) = part else { return nil }
        var modules: [LoRAModule] = []
        for (index, block) in blocks.enumerated() {
            for linear in block.linears {
                guard let low = linear.lowRank else { continue }
                let module = LoRAModule(
                    name: TrainingModelLoader.moduleName(block: index, place: linear.place), rank: low.rank,
                    inputs: linear.columns, outputs: linear.rows, a: arena.array(low.a), b: arena.array(low.b),
                    magnitude: low.magnitude.map { arena.array($0) })
                modules.append(LoRAAdapter.inHuggingFaceOrder(module, self.configuration))
            }
        }
        return try LoRAAdapter(configuration: configuration, modules: modules)
    }

    /// A parameter by its name.
    public func parameter(_ name: String) -> Parameter? { arena.parameters.first { $0.name == name } }
}

/// Why a model cannot be trained.
public enum TrainingModelError: Error, Equatable, CustomStringConvertible {
    /// The architecture has no backward pass.
    case unsupportedArchitecture(found: String, known: [String])
    /// Something of the architecture that the backward pass does not do.
    case unsupported(what: String)
    /// The weights are quantised and cannot be trained themselves.
    case quantisedWeights(tensor: String, type: String)
    /// A name of `--target-modules` that no layer has.
    case unknownTarget(name: String, known: [String])
    /// The adapter to start from has no factors of that rank for a layer that its configuration names.
    case adapterLacks(module: String, rank: Int)
    /// A rank that the factors cannot have.
    case rankOutOfRange(rank: Int, limit: Int)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .unsupportedArchitecture(let found, let known):
            "the architecture \(found) cannot be trained; known: \(known.joined(separator: ", "))"
        case .unsupported(let what): "\(what) cannot be trained"
        case .quantisedWeights(let tensor, let type):
            "\(tensor) is \(type): quantised weights cannot be trained themselves; train an adapter (pallet train lora) "
                + "or take the model in F16, BF16 or F32"
        case .unknownTarget(let name, let known):
            "no layer is called \(name); target modules are \(known.joined(separator: ", "))"
        case .adapterLacks(let module, let rank):
            "the adapter to start from has no factors of rank \(rank) for \(module)"
        case .rankOutOfRange(let rank, let limit): "the rank is \(rank); it must be between 1 and \(limit)"
        }
    }
}
