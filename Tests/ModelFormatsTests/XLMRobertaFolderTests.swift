import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// How a folder of XLM-RoBERTa or RoBERTa is read: positions behind the padding id, names, heads.
struct XLMRobertaFolderTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private static let fixtures = FixtureFolder.url.appendingPathComponent("xlm-roberta")

    /// A copy of a fixture whose configuration and tensors can be changed.
    private func open(
        _ name: String = "embedding", config change: (inout [String: Any]) -> Void = { _ in },
        tensors changed: (inout [(name: String, shape: [Int], bytes: [UInt8])]) -> Void = { _ in }
    ) throws -> ModelFile {
        let source = Self.fixtures.appendingPathComponent(name)
        let data = try Data(contentsOf: source.appendingPathComponent("config.json"))
        var config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&config)
        try JSONSerialization.data(withJSONObject: config).write(
            to: scratch.url.appendingPathComponent("config.json"))
        let file = try SafetensorsFile(source.appendingPathComponent("model.safetensors"))
        var tensors = try file.tensors.map { (name: $0.name, shape: $0.shape, bytes: try file.read($0.name)) }
        changed(&tensors)
        let writer = try SafetensorsWriter(
            to: scratch.url.appendingPathComponent("model.safetensors"),
            tensors: tensors.map { SafetensorsWriter.Layout(name: $0.name, shape: $0.shape, type: .f16) },
            replacing: true)
        for tensor in tensors { try writer.write(tensor.bytes) }
        try writer.finish()
        return try ModelFile.open(scratch.url)
    }

    @Test func positionsBeginBehindThePadding() throws {
        let file = try SafetensorsFile(Self.fixtures.appendingPathComponent("embedding/model.safetensors"))
        let stored = try file.read("embeddings.position_embeddings.weight")
        let model = try open()
        #expect(model.configuration.contextLength == 64)
        #expect(model.tensor("position_embd.weight")?.dimensions == [16, 64])
        #expect(try model.read("position_embd.weight", rows: 0..<64) == Array(stored[64...]))
        #expect(try model.read("position_embd.weight", rows: 5..<7) == Array(stored[(7 * 32)..<(9 * 32)]))
        #expect(try model.read("position_embd.weight", rows: 3..<3).isEmpty)
        // What no key states is 1; BERT counts from 0.
        #expect(try open(config: { $0["pad_token_id"] = nil }).configuration.contextLength == 64)
        #expect(try open(config: { $0["pad_token_id"] = NSNull() }).configuration.contextLength == 64)
        let other = try open(config: { $0["pad_token_id"] = 4 })
        #expect(other.configuration.contextLength == 61)
        #expect(try other.read("position_embd.weight", rows: 0..<1) == Array(stored[(5 * 32)..<(6 * 32)]))
        #expect(try open(config: { $0["model_type"] = "bert" }).configuration.contextLength == 66)
    }

    @Test func tablesThatDoNotFitAreRefused() {
        #expect(
            throws: ModelFileError.wrongShape(
                tensor: "position_embd.weight", expected: [16, 66], actual: [16, 65])
        ) {
            try open(tensors: { tensors in
                for index in tensors.indices where tensors[index].name.contains("position_embeddings") {
                    tensors[index].shape = [65, 16]
                    tensors[index].bytes.removeLast(32)
                }
            })
        }
        for (key, value) in [("max_position_embeddings", 2), ("pad_token_id", -1), ("pad_token_id", 65)] {
            #expect(throws: ModelConfigurationError.self, "\(key) \(value)") { try open(config: { $0[key] = value }) }
        }
        #expect(throws: ModelConfigurationError.self) { try open(config: { $0["pad_token_id"] = Int.max }) }
        #expect(throws: ModelConfigurationError.self) {
            try open(config: { $0["position_embedding_type"] = "relative_key" })
        }
    }

    /// Names with a prefix and without, a head of pretraining beside them: one model.
    @Test func namesAndUnusedTensors() throws {
        let bare = try open()
        #expect(bare.tensor("cls.weight") == nil)
        let names = Set(bare.tensors.map(\.name))
        let prefixed = try open(tensors: { tensors in
            for index in tensors.indices { tensors[index].name = "roberta." + tensors[index].name }
            tensors.append(("lm_head.bias", [112], [UInt8](repeating: 0, count: 224)))
            tensors.append(("roberta.embeddings.position_ids", [1, 1], [0, 0]))
        })
        #expect(Set(prefixed.tensors.map(\.name)) == names)
        let extra = ModelFileError.unexpectedTensor(name: "encoder.layer.0.gate.weight", architecture: "xlm-roberta")
        #expect(throws: extra) {
            try open(tensors: { $0.append(("encoder.layer.0.gate.weight", [1], [0, 0])) })
        }
    }

    @Test(arguments: ["reranker", "roberta"])
    func headsOfOneLabelOnly(name: String) throws {
        let model = try open(name)
        #expect(model.configuration.scoresPairs && model.configuration.pooling == nil)
        #expect(model.tensor("cls.weight")?.dimensions == [16, 16])
        #expect(model.tensor("cls.output.weight")?.dimensions == [16, 1])
        // A pooler of an old checkpoint is not the head.
        let stored = try model.readFloats("cls.weight")
        let pooled = try open(
            name,
            tensors: { tensors in
                tensors.append(("roberta.pooler.dense.weight", [16, 16], [UInt8](repeating: 0, count: 512)))
            })
        #expect(try pooled.readFloats("cls.weight") == stored)
        #expect(
            throws: ModelFileError.wrongShape(tensor: "cls.output.weight", expected: [16, 1], actual: [16, 2])
        ) {
            try open(
                name,
                tensors: { tensors in
                    for index in tensors.indices where tensors[index].name == "classifier.out_proj.weight" {
                        tensors[index].shape = [2, 16]
                        tensors[index].bytes += tensors[index].bytes
                    }
                })
        }
        #expect(throws: ModelFileError.missingTensor(name: "cls.weight", shape: [16, 16])) {
            try open(name, tensors: { $0.removeAll { $0.name == "classifier.dense.weight" } })
        }
    }

    /// Many older models have their weights in a pickle only.
    @Test func picklesAreNamed() throws {
        _ = try open()
        try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("model.safetensors"))
        _ = try scratch.write([0x80, 2], to: "pytorch_model.bin")
        let error = SafetensorsError.pickledWeights(folder: scratch.url.path, file: "pytorch_model.bin")
        #expect(throws: error) { try ModelFile.open(scratch.url) }
        #expect("\(error)".contains("safetensors"))
    }
}
