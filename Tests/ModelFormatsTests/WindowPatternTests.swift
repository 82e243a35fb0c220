import Foundation
import ModelFormats
import TestSupport
import Testing

/// A window that holds only on some layers comes through a GGUF file and back.
struct WindowPatternTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test(.enabled(if: Shared.available, Shared.hint), arguments: ["qwen2", "qwen3"])
    func someLayers(name: String) throws {
        let folder = scratch.url.appendingPathComponent("source")
        try FileManager.default.copyItem(at: ReferenceModelTests.folder(name), to: folder)
        let configFile = folder.appendingPathComponent("config.json")
        let found = try JSONSerialization.jsonObject(with: Data(contentsOf: configFile)) as? [String: Any]
        var config = try #require(found)
        let blocks = try #require(config["num_hidden_layers"] as? Int)
        config["use_sliding_window"] = true
        config["sliding_window"] = 16
        config["layer_types"] = (0..<blocks).map { $0 % 2 == 0 ? "full_attention" : "sliding_attention" }
        try JSONSerialization.data(withJSONObject: config).write(to: configFile)
        let source = try ModelFile.open(folder)
        #expect(source.configuration.windowedLayers == (0..<blocks).map { $0 % 2 == 1 })
        let gguf = scratch.url.appendingPathComponent("out.gguf")
        _ = try ModelExporter(source).writeGGUF(to: gguf, type: .f16)
        let written = try ModelFile.open(gguf)
        #expect(written.configuration.slidingWindow == 16)
        #expect(written.configuration.windowedLayers == source.configuration.windowedLayers)
        let back = scratch.url.appendingPathComponent("back")
        _ = try ModelExporter(written).writeHuggingFace(to: back, type: .f16)
        #expect(try ModelFile.open(back).configuration.windowedLayers == source.configuration.windowedLayers)
    }

    @Test func patternsThatDoNotFitAreRefused() throws {
        let url = scratch.url.appendingPathComponent("tiny.gguf")
        var model = TinyModel()
        model.set("attention.sliding_window", .uint32(4))
        for wrong: GGUFValue in [.array(.bool([])), .array(.bool([true, false])), .uint32(1), .array(.uint8([1]))] {
            model.set("attention.sliding_window_pattern", wrong)
            try model.write(to: url)
            #expect(throws: ModelConfigurationError.self) { try ModelFile.open(url) }
        }
        model.set("attention.sliding_window_pattern", .array(.bool([false])))
        try model.write(to: url)
        #expect(try ModelFile.open(url).configuration.slidingWindow == nil)
        model.set("attention.sliding_window_pattern", .array(.bool([true])))
        try model.write(to: url)
        #expect(try ModelFile.open(url).configuration.windowedLayers == [true])
    }
}
