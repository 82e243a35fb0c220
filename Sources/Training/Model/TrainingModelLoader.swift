import ModelFormats
import Tensors

/// Lays out what is trained and reads the weights, in the order of the forward pass.
final class TrainingModelLoader {
    let file: ModelFile
    let part: TrainedPart
    let shape: ModelShape
    private(set) var layout = ParameterLayout()
    private(set) var frozenBytes = 0
    private let progress: (String, Int, Int) -> Void
    private var done = 0

    static let known: [Architecture] = [.llama, .qwen2, .qwen3]
    /// Names within a block: Hugging Face's, GGUF's.
    static let modules = [
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ]

    static func moduleName(block: Int, place: Int) -> String { "model.layers.\(block).\(modules[place].0)" }

    init(file: ModelFile, part: TrainedPart, progress: @escaping (String, Int, Int) -> Void) throws {
        let c = file.configuration
        guard Self.known.contains(c.architecture) else {
            throw TrainingModelError.unsupportedArchitecture(
                found: c.architecture.rawValue, known: Self.known.map(\.rawValue))
        }
        guard c.experts == nil else {
            throw TrainingModelError.unsupported(what: "a mixture of experts")
        }
        guard c.keyLength == c.valueLength else {
            throw TrainingModelError.unsupported(what: "a model whose keys and values have different lengths")
        }
        self.file = file
        self.part = part
        self.progress = progress
        shape = ModelShape(
            embedding: c.embeddingLength, heads: c.headCount, kvHeads: c.kvHeadCount, headLength: c.keyLength,
            inner: c.feedForwardLength, vocabulary: c.vocabularySize, blocks: c.blockCount, epsilon: c.normEpsilon)
        guard case .lowRank(let settings) = part else { return }
        let limit = LoRAConfiguration.maximumRank
        guard (1...limit).contains(settings.rank) else {
            throw TrainingModelError.rankOutOfRange(rank: settings.rank, limit: limit)
        }
        guard case .names(let names) = settings.targets else { return }
        let known = LoRAConfiguration.projections
        for name in names where !known.contains(where: { name == $0 || name.hasSuffix("." + $0) }) {
            throw TrainingModelError.unknownTarget(name: name, known: known)
        }
    }

    /// A weight: trained in full training, else as it lies in the file.
    func tensor(_ name: String, decays: Bool) throws -> Tensor {
        guard let described = file.tensor(name) else { throw ModelFileError.noSuchTensor(name: name) }
        let isVector = described.dimensions.count < 2
        if case .everything = part {
            guard described.type.blockLength == 1 else {
                throw TrainingModelError.quantisedWeights(tensor: name, type: described.type.name)
            }
            return .trained(
                layout.add(name, rows: isVector ? 1 : described.rows, columns: described.columns, decays: decays))
        }
        defer { count(name) }
        if isVector {
            let buffer = try FloatBuffer(try file.readFloats(name))
            frozenBytes += buffer.count * 4
            return .frozenVector(buffer)
        }
        let matrix = try WeightMatrix(
            rows: described.rows, columns: described.columns, type: described.type, precision: .integer
        ) { try file.read(name, rows: $0) }
        frozenBytes += matrix.residentBytes
        return .frozenMatrix(matrix)
    }

    private func count(_ name: String) {
        done += 1
        progress(name, done, file.tensors.count)
    }

    private func optional(_ name: String) throws -> Tensor? {
        file.tensor(name) == nil ? nil : try tensor(name, decays: false)
    }

    private func linear(_ block: Int, _ place: Int) throws -> Linear {
        let module = Self.moduleName(block: block, place: place), short = Self.modules[place].1
        let name = "blk.\(block).\(short)"
        let weight = try tensor(name + ".weight", decays: true)
        guard let described = file.tensor(name + ".weight") else {
            throw ModelFileError.noSuchTensor(name: name + ".weight")
        }
        var linear = Linear(
            name: name, rows: described.rows, columns: described.columns, weight: weight,
            bias: try optional(name + ".bias"), place: place)
        if case .lowRank(let settings) = part, try settings.isTargeted(module) {
            let rank = try settings.rank(of: module)
            linear.lowRank = LowRank(
                a: layout.add(name + ".lora_a", rows: rank, columns: linear.columns, decays: true),
                b: layout.add(name + ".lora_b", rows: linear.rows, columns: rank, decays: true),
                magnitude: settings.usesDoRA
                    ? layout.add(name + ".magnitude", rows: 1, columns: linear.rows, decays: false) : nil,
                scale: try settings.scale(of: module))
        }
        return linear
    }

    func block(_ index: Int) throws -> TrainedBlock {
        let b = "blk.\(index)."
        let windowed = file.configuration.windowedLayers
        let isWindowed = !windowed.indices.contains(index) || windowed[index]
        return TrainedBlock(
            attentionNorm: try tensor(b + "attn_norm.weight", decays: false),
            feedForwardNorm: try tensor(b + "ffn_norm.weight", decays: false),
            queryNorm: try optional(b + "attn_q_norm.weight"), keyNorm: try optional(b + "attn_k_norm.weight"),
            query: try linear(index, 0), key: try linear(index, 1), value: try linear(index, 2),
            output: try linear(index, 3), gate: try linear(index, 4), up: try linear(index, 5),
            down: try linear(index, 6), window: isWindowed ? file.configuration.slidingWindow : nil)
    }

    /// Reads the values of trained weights.
    func fill(_ arena: ParameterArena) throws {
        guard case .everything = part else { return }
        for parameter in arena.parameters {
            guard let tensor = file.tensor(parameter.name) else {
                throw ModelFileError.noSuchTensor(name: parameter.name)
            }
            let step = max(1, (1 << 20) / max(1, tensor.columns))
            for first in stride(from: 0, to: tensor.rows, by: step) {
                let rows = first..<min(tensor.rows, first + step)
                let bytes = try file.read(parameter.name, rows: rows)
                let values = try Quantisation.dequantise(
                    bytes, type: tensor.type, count: rows.count * tensor.columns)
                arena.values.store(values, at: parameter.offset + first * tensor.columns)
            }
            count(parameter.name)
        }
    }
}
