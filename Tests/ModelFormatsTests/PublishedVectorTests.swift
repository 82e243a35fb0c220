import Foundation
import ModelFormats
import TestSupport
import Testing

/// Files that others made: whole model files with verdicts, JSON's own test suite, a published model with its facts.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct PublishedVectorTests {
    private struct Vectors: Decodable {
        struct Case: Decodable {
            let name: String
            let format: String
            let verdict: String
            let rule: String
            let hex: String
            let zero_tail: Int?
        }
        let cases: [Case]
    }

    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func modelFileVectors() throws {
        let text = try Shared.data("data/json/model-file-vectors-visible.json")
        let vectors = try JSONDecoder().decode(Vectors.self, from: text)
        #expect(vectors.cases.count == 65)
        for vector in vectors.cases {
            let digits = Array(vector.hex.utf8)
            var bytes = try stride(from: 0, to: digits.count, by: 2).map {
                try #require(UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16))
            }
            bytes += [UInt8](repeating: 0, count: vector.zero_tail ?? 0)
            let file = try scratch.write(bytes, to: "vector")
            for format in vector.format == "any" ? ["gguf", "safetensors"] : [vector.format] {
                var refusal: (any Error)?
                do {
                    if format == "gguf" { _ = try GGUFFile(file) } else { _ = try SafetensorsFile(file) }
                } catch { refusal = error }
                let verdict = refusal == nil ? "accept" : "refuse"
                #expect(
                    vector.verdict == "either" || vector.verdict == verdict,
                    "\(vector.name): \(vector.rule): \(refusal.map { "\($0)" } ?? "accepted")")
            }
        }
    }

    @Test func validSafetensors() throws {
        let folder = Shared.folder.appendingPathComponent("data/json/safetensors-valid")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 4)
        for name in names {
            let file = try SafetensorsFile(folder.appendingPathComponent(name))
            let tensor = try #require(file.tensors.first)
            #expect(name.contains("\(tensor.shape.count)d"))
        }
    }

    /// Through config.json: what is no JSON is refused as such; what is JSON but no configuration for another reason.
    @Test func jsonSuite() throws {
        let folder = Shared.folder.appendingPathComponent("data/json/JSONTestSuite/test_parsing")
        // Refused on purpose: readers differ in which of two equal names counts.
        let twice: Set = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]
        var counts: [Character: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let bytes = try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
            _ = try scratch.write(bytes, to: "config.json")
            let error = #expect(throws: ModelConfigurationError.self) { try ModelFile.open(scratch.url) }
            var isJSON = true
            if case .json? = error { isJSON = false }
            let kind = try #require(name.first)
            counts[kind, default: 0] += 1
            if kind == "y" { #expect(isJSON != twice.contains(name), "\(name): \(String(describing: error))") }
            if kind == "n" { #expect(!isJSON, "\(name)") }
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
    }

    @Test func stories260K() throws {
        struct Facts: Decodable {
            struct Tensor: Decodable {
                let name: String
                let type: String
                let shape: [Int]
                let bytes: Int
                let sha256: String
            }
            let parameters: Int
            let tensors: [Tensor]
        }
        let facts = try JSONDecoder().decode(
            Facts.self, from: Shared.data("data/models/stories260K/expected-facts.json"))
        let url = Shared.folder.appendingPathComponent("data/models/stories260K/stories260K.gguf")
        let file = try GGUFFile(url)
        #expect(file.metadata.count == 19 && file.tensors.count == facts.tensors.count)
        for expected in facts.tensors {
            let tensor = try #require(file.tensor(expected.name))
            #expect(tensor.dimensions == expected.shape && tensor.type.name == expected.type)
            #expect(try file.read(expected.name).count == expected.bytes)
        }
        let model = try ModelFile.open(url)
        #expect(model.configuration.headCount == 8 && model.configuration.kvHeadCount == 4)
        #expect(model.configuration.keyLength == 8 && !model.configuration.tiedOutput)
        #expect(try ModelInspection(url).parameterCount == facts.parameters)
    }

    @Test(arguments: ["llama2xs-model.bin", "tiny-rwkv-5v2-730K-Q5_0.bin"])
    func foreignFormats(name: String) throws {
        let url = Shared.folder.appendingPathComponent("data/models/foreign/\(name)")
        let magic = Array(try Data(contentsOf: url).prefix(4))
        let error = #expect(throws: GGUFError.self) { try ModelFile.open(url) }
        #expect(error == .badMagic(actual: magic))
        #expect(error?.description.contains("GGUF") == true && error?.description.contains("\(magic)") == true)
    }
}
