import Foundation
import ModelFormats
import TestSupport
import Testing

/// The tiny reference models: what a folder says and what its GGUF says is one model.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ReferenceModelTests {
    static let computed = [
        "llama-mha", "llama-gqa", "llama-bias", "llama3-rope", "llama-linear", "llama-headdim", "llama-odd", "mistral",
        "qwen2", "qwen2-yarn", "qwen3", "qwen3-tied", "qwen3-embedding", "qwen3-reranker",
    ]
    /// Those whose layout in transformers is another than ours: read, and written as GGUF only.
    static let regrouped = [
        "mixtral", "qwen3moe", "qwen3moe-raw", "gemma2", "gemma3", "phi3", "phi3-longrope",
    ]
    static let encoders = ["bert-cls", "bert-mean", "bert-reranker"]

    static func folder(_ name: String) -> URL {
        Shared.folder.appendingPathComponent("reference/models").appendingPathComponent(name)
    }

    @Test("folder and GGUF give one configuration", arguments: computed + regrouped + encoders)
    func oneConfiguration(name: String) throws {
        let folder = try ModelFile.open(Self.folder(name))
        let file = try ModelFile.open(Self.folder(name).appendingPathComponent("model.gguf"))
        var left = folder.configuration
        var right = file.configuration
        left.name = right.name
        // The one thing each can say only in its own way (README-models §6.1, §6.4).
        if name == "llama3-rope" {
            #expect(
                left.ropeScaling
                    == .llama3(
                        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64))
            #expect(right.ropeFrequencyFactors?.count == 16)
            left.ropeScaling = .none
            right.ropeFrequencyFactors = nil
        }
        if name == "mistral" {
            #expect(left.slidingWindow == 24)
            left.slidingWindow = nil
            left.windowedLayers = []
        }
        if name == "gemma2" {
            #expect(left.attentionScale == 1 / Float(20).squareRoot())
            left.attentionScale = nil
        }
        #expect(left == right)
    }

    @Test("the older form of config.json gives the same configuration", arguments: computed + regrouped)
    func olderForm(name: String) throws {
        let scratch = try ScratchFolder()
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.folder(name).path) {
            guard file.hasPrefix("model") || file == "1_Pooling" else { continue }
            try FileManager.default.createSymbolicLink(
                at: scratch.url.appendingPathComponent(file),
                withDestinationURL: Self.folder(name).appendingPathComponent(file))
        }
        let older = try Shared.data("reference/models/\(name)/config.v4.json")
        try older.write(to: scratch.url.appendingPathComponent("config.json"))
        var left = try ModelFile.open(scratch.url).configuration
        let right = try ModelFile.open(Self.folder(name)).configuration
        left.name = right.name
        #expect(left == right)
    }

    @Test("folder and GGUF give the same weights under the same names", arguments: computed + regrouped + encoders)
    func sameWeights(name: String) throws {
        let folder = try ModelFile.open(Self.folder(name))
        let file = try ModelFile.open(Self.folder(name).appendingPathComponent("model.gguf"))
        // A decoder's rows of "yes" and "no" are in the folder's output matrix; an encoder's head is its own.
        var derived: Set = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"]
        if name != "bert-reranker" { derived.insert("cls.output.weight") }
        #expect(Set(file.tensors.map(\.name)).subtracting(derived) == Set(folder.tensors.map(\.name)))
        for tensor in folder.tensors {
            let other = try #require(file.tensor(tensor.name))
            #expect(tensor.dimensions == other.dimensions, "\(tensor.name)")
            let left = try folder.readFloats(tensor.name)
            let right = try file.readFloats(tensor.name)
            #expect(left == right, "\(tensor.name)")
            // Any range of rows is a part of the whole, also across the heads that a permutation reads.
            let whole = try folder.read(tensor.name, rows: 0..<tensor.rows)
            let some = (tensor.rows / 3)..<(tensor.rows - tensor.rows / 5)
            let part = try folder.read(tensor.name, rows: some)
            let bytes = (some.lowerBound * tensor.rowBytes)..<(some.upperBound * tensor.rowBytes)
            #expect(part == Array(whole[bytes]), "\(tensor.name) \(some)")
        }
    }
}
