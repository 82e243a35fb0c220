import Foundation
import ModelFormats
import Testing

/// Models in several files.
struct GGUFSplitTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// Writes the tiny model in two parts and gives their places.
    private func writeParts(counts: (Int, Int) = (2, 2), numbers: (Int, Int) = (0, 1)) throws -> [URL] {
        var urls: [URL] = []
        for part in 0..<2 {
            var model = TinyModel()
            if part == 1 { model.metadata = [:] }
            let all = TinyModel().tensors
            model.tensors = Array(part == 0 ? all.prefix(5) : all.dropFirst(5))
            model.metadata["split.no"] = .uint16(UInt16(part == 0 ? numbers.0 : numbers.1))
            model.metadata["split.count"] = .uint16(UInt16(part == 0 ? counts.0 : counts.1))
            model.metadata["split.tensors.count"] = .int32(Int32(all.count))
            let url = scratch.url.appendingPathComponent("tiny-0000\(part + 1)-of-00002.gguf")
            try model.write(to: url)
            urls.append(url)
        }
        return urls
    }

    @Test func anyPartOpensTheWhole() throws {
        let whole = scratch.url.appendingPathComponent("whole.gguf")
        try TinyModel().write(to: whole)
        let expected = try ModelFile.open(whole)
        for url in try writeParts() {
            let model = try ModelFile.open(url)
            #expect(model.tensors == expected.tensors && model.metadata == expected.metadata)
            for tensor in expected.tensors {
                #expect(try model.readFloats(tensor.name) == expected.readFloats(tensor.name))
            }
            #expect(try ModelInspection(url).parameterCount == ModelInspection(whole).parameterCount)
        }
        // Converting makes one file again, without the keys of the parts.
        let again = scratch.url.appendingPathComponent("again.gguf")
        _ = try ModelExporter(ModelFile.open(try writeParts()[0])).writeGGUF(to: again, type: .f32)
        #expect(try GGUFFile(again).keys.allSatisfy { !$0.hasPrefix("split.") })
    }

    @Test func aPartIsMissing() throws {
        let urls = try writeParts()
        try FileManager.default.removeItem(at: urls[1])
        #expect(throws: GGUFError.missingPart(path: urls[1].path, part: 2, of: 2)) { try ModelFile.open(urls[0]) }
    }

    @Test func aRenamedPartIsRefused() throws {
        let urls = try writeParts()
        let other = scratch.url.appendingPathComponent("tiny.gguf")
        try FileManager.default.moveItem(at: urls[0], to: other)
        guard case .badSplit? = #expect(throws: GGUFError.self, performing: { try ModelFile.open(other) }) else {
            Issue.record("a part under another name was taken for a model")
            return
        }
    }

    @Test func partsMustFitTheirNames() throws {
        for (counts, numbers) in [((2, 3), (0, 1)), ((2, 2), (0, 0)), ((2, 2), (1, 1))] {
            let urls = try writeParts(counts: counts, numbers: numbers)
            guard case .badSplit? = #expect(throws: GGUFError.self, performing: { try ModelFile.open(urls[0]) }) else {
                Issue.record("\(counts) \(numbers)")
                continue
            }
        }
    }
}
