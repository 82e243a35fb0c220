import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

struct ModelInspectionTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func gguf() throws {
        let url = scratch.url.appendingPathComponent("tiny.gguf")
        var model = TinyModel()
        model.metadata["tokenizer.chat_template"] = .string("abc")
        try model.write(to: url)
        let summary = try ModelInspection(url)
        #expect(summary.architecture == "llama" && summary.name == "tiny" && summary.problem == nil)
        let weights = TinyModel().tensors.map { $0.dimensions.reduce(1, *) }.reduce(0, +)
        #expect(summary.parameterCount == weights && summary.types["F16"] == 64 && summary.types["BF16"] == 32)
        #expect(summary.tokenizer == "llama" && summary.tokenCount == 16)
        // The digest of "abc" in the standard.
        #expect(
            summary.chatTemplateSHA256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let size = try #require(try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int)
        #expect(summary.fileSize == size && summary.shape?.blockCount == 1)
        let copy = try JSONDecoder().decode(ModelInspection.self, from: JSONEncoder().encode(summary))
        #expect(copy == summary)
    }

    /// The standard's examples of more than one block, and every length around the border of a block.
    @Test func digests() throws {
        let url = scratch.url.appendingPathComponent("tiny.gguf")
        let cases = [
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
        ]
        for (text, digest) in cases {
            var model = TinyModel()
            model.metadata["tokenizer.chat_template"] = .string(text)
            try model.write(to: url)
            #expect(try ModelInspection(url).chatTemplateSHA256 == digest)
        }
    }

    @Test func whatIsNotComputedIsDescribed() throws {
        let url = scratch.url.appendingPathComponent("other.gguf")
        var model = TinyModel(architecture: "mamba")
        model.tensors.append(.init(name: "blk.0.ssm.weight", dimensions: [256], type: .q2_k))
        let writer = try GGUFWriter(to: url, metadata: model.metadata, tensors: model.tensors.suffix(1))
        try writer.write([UInt8](repeating: 0, count: 84))
        try writer.finish()
        let summary = try ModelInspection(url)
        #expect(summary.architecture == "mamba" && summary.shape == nil && summary.types == ["Q2_K": 256])
        #expect(summary.problem?.contains("mamba") == true && summary.problem?.contains("qwen3") == true)
    }

    @Test(.enabled(if: Shared.available, Shared.hint), arguments: ReferenceModelTests.computed)
    func folderAndFileAgree(name: String) throws {
        let folder = try ModelInspection(ReferenceModelTests.folder(name))
        let file = try ModelInspection(ReferenceModelTests.folder(name).appendingPathComponent("model.gguf"))
        let extra = (name == "llama3-rope" ? 16 : 0) + (name == "qwen3-reranker" ? 128 : 0)
        #expect(folder.parameterCount + extra == file.parameterCount && folder.architecture == file.architecture)
        #expect(folder.chatTemplateSHA256 == file.chatTemplateSHA256 && folder.chatTemplateSHA256 != nil)
        #expect(folder.tokenizer == "BPE" && folder.tokenCount ?? 0 > 0)
    }

    @Test(
        .enabled(if: Shared.available, Shared.hint),
        arguments: ReferenceModelTests.regrouped + ReferenceModelTests.encoders)
    func everyReferenceFileIsDescribed(name: String) throws {
        let file = try ModelInspection(ReferenceModelTests.folder(name).appendingPathComponent("model.gguf"))
        #expect(file.problem == nil && file.parameterCount > 0 && !file.tensors.isEmpty)
    }
}
