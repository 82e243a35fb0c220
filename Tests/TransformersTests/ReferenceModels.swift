import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// One of the tiny random models with values from an independent implementation.
struct ReferenceModel {
    let name: String
    let expected: SafetensorsFile

    init(_ name: String) throws {
        self.name = name
        expected = try SafetensorsFile(Self.folder(name).appendingPathComponent("reference.safetensors"))
    }

    static func folder(_ name: String) -> URL { Shared.folder.appendingPathComponent("reference/models/\(name)") }

    /// The families that this program computes.
    static let names = [
        "llama-mha", "llama-gqa", "llama-bias", "llama3-rope", "llama-linear", "llama-headdim", "llama-odd", "mistral",
        "qwen2", "qwen2-yarn", "qwen3", "qwen3-tied", "mixtral", "qwen3moe", "qwen3moe-raw", "gemma2", "gemma3", "phi3",
        "phi3-longrope",
    ]
    static let sequences = ["one", "short", "mid", "long"]

    func ids(_ key: String) throws -> [Int] { try expected.integers(key) }
    func floats(_ key: String) throws -> [Float] { try expected.floats(key) }
    func has(_ key: String) -> Bool { expected.tensor(key) != nil }
}

/// A model with what is needed to run it.
struct Runner {
    static let integer = Precision.integer
    static let exact = Precision.exact

    let model: TransformerModel
    let pool: WorkerPool
    let workspace: Workspace

    init(_ url: URL, precision: Precision = .exact, threads: Int = 2) throws {
        try self.init(try TransformerModel(file: try ModelFile.open(url), precision: precision), threads: threads)
    }

    init(_ model: TransformerModel, threads: Int = 2, set: InstructionSet = .current) throws {
        self.model = model
        pool = try WorkerPool(threads: threads, instructionSet: set)
        workspace = try Workspace(model: model, rows: 256)
    }

    /// The same for sequences of at most so many tokens: the reference chooses LongRoPE's factors by the length.
    func limited(to positions: Int) throws -> Runner { try Runner(model.limited(to: positions), threads: pool.threads) }

    /// Logits [tokens, V] of a sequence cut into pieces of these lengths, or taken at once.
    func logits(_ ids: [Int], chunks: [Int]? = nil, cache: KeyValueCache? = nil) throws -> [Float] {
        let cache = try cache ?? model.makeCache()
        var result: [Float] = []
        var start = 0
        for length in chunks ?? [ids.count] {
            let step = SequenceStep(cache: cache, tokens: Array(ids[start..<start + length]), logits: .all)
            result += try model.forward([step], workspace: workspace, pool: pool)[0].flatMap(\.self)
            start += length
        }
        return result
    }

    func greedy(_ prompt: [Int], count: Int) throws -> [Int] {
        let cache = try model.makeCache()
        var next = prompt
        var result: [Int] = []
        for _ in 0..<count {
            let step = SequenceStep(cache: cache, tokens: next, logits: .last)
            let row = try model.forward([step], workspace: workspace, pool: pool)[0][0]
            let best = row.indices.max { row[$0] < row[$1] } ?? 0
            result.append(best)
            next = [best]
        }
        return result
    }
}

/// Normalised mean squared error and the largest difference.
func distance(_ got: [Float], _ want: [Float]) -> (nmse: Double, largest: Double) {
    guard got.count == want.count else { return (.infinity, .infinity) }
    var error = 0.0
    var norm = 0.0
    var largest = 0.0
    for (g, w) in zip(got, want) {
        let difference = Double(g) - Double(w)
        error += difference * difference
        norm += Double(w) * Double(w)
        largest = max(largest, abs(difference))
    }
    return (error / norm, largest)
}

extension SafetensorsFile {
    /// An f32 tensor's values.
    func floats(_ name: String) throws -> [Float] {
        let bytes = try read(name)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
        }
    }

    /// An i64 tensor's values.
    func integers(_ name: String) throws -> [Int] {
        let bytes = try read(name)
        return stride(from: 0, to: bytes.count, by: 8).map { start in
            Int(bitPattern: (0..<8).reduce(UInt(0)) { $0 | UInt(bytes[start + $1]) << UInt(8 * $1) })
        }
    }
}

/// A safetensors file of expected values.
struct SafetensorsReference {
    let file: SafetensorsFile

    init(_ path: String) throws {
        file = try SafetensorsFile(Shared.folder.appendingPathComponent(path))
    }
}
