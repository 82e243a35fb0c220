import Foundation
import ModelFormats
import Tensors
import Testing

struct GGUFWriterTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    static let everything: [String: GGUFValue] = [
        "general.architecture": .string("llama"), "a.u8": .uint8(1), "a.i8": .int8(-1), "a.u16": .uint16(2),
        "a.i16": .int16(-2), "a.u32": .uint32(3), "a.i32": .int32(-3), "a.f32": .float32(0.1), "a.bool": .bool(true),
        "a.string": .string("木栈板\u{0}e\u{301}"), "a.u64": .uint64(.max), "a.i64": .int64(.min),
        "a.f64": .float64(-0.1), "b.u8": .array(.uint8([1, 255])), "b.i8": .array(.int8([-128])),
        "b.u16": .array(.uint16([65_535])), "b.i16": .array(.int16([-32_768, 5])), "b.u32": .array(.uint32([7])),
        "b.i32": .array(.int32([-7, 7])), "b.f32": .array(.float32([1, -.infinity])),
        "b.bool": .array(.bool([true, false])), "b.string": .array(.string(["", "x", "中文"])),
        "b.u64": .array(.uint64([.max, 0])), "b.i64": .array(.int64([.min])), "b.f64": .array(.float64([.pi])),
        "c.empty": .array(.string([])), "unknown.key": .string("kept"),
    ]

    @Test(arguments: [nil, 1, 8, 64, 4096] as [UInt32?])
    func writtenIsRead(alignment: UInt32?) throws {
        let url = scratch.url.appendingPathComponent("out.gguf")
        var metadata = Self.everything
        metadata["general.alignment"] = alignment.map { .uint32($0) }
        let layout: [GGUFWriter.Layout] = [
            .init(name: "f", dimensions: [5, 3], type: .f32), .init(name: "none", dimensions: [4, 0], type: .f16),
            .init(name: "q", dimensions: [64, 3, 2], type: .q4_0), .init(name: "scalar", dimensions: [], type: .bf16),
            .init(name: "k", dimensions: [256], type: .q4_k),
        ]
        let writer = try GGUFWriter(to: url, metadata: metadata, tensors: layout)
        var contents: [[UInt8]] = []
        for (number, tensor) in layout.enumerated() {
            let elements = tensor.dimensions.reduce(1, *)
            let size = try #require(tensor.type.byteCount(elements: elements))
            contents.append((0..<size).map { UInt8(truncatingIfNeeded: $0 * 13 + number) })
            try writer.write(Array(contents[number].prefix(size / 3)))
            try writer.write(Array(contents[number].dropFirst(size / 3)))
        }
        #expect(!FileManager.default.fileExists(atPath: url.path))
        try writer.finish()
        let file = try GGUFFile(url)
        #expect(file.version == 3 && file.metadata == metadata && file.keys.first == "general.architecture")
        #expect(file.alignment == Int(alignment ?? 32))
        #expect(file.tensors.map(\.name) == layout.map(\.name))
        for (tensor, content) in zip(layout, contents) {
            #expect(file.tensor(tensor.name)?.dimensions == tensor.dimensions)
            #expect(file.tensor(tensor.name)?.type.elementType == tensor.type)
            #expect(try file.read(tensor.name) == content, "\(tensor.name)")
        }
    }

    @Test func equalModelsGiveEqualFiles() throws {
        let layout = [GGUFWriter.Layout(name: "f", dimensions: [2], type: .f32)]
        var files: [Data] = []
        for name in ["one", "two"] {
            let url = scratch.url.appendingPathComponent(name)
            let writer = try GGUFWriter(to: url, metadata: Self.everything, tensors: layout)
            try writer.write([1, 2, 3, 4, 5, 6, 7, 8])
            try writer.finish()
            files.append(try Data(contentsOf: url))
        }
        #expect(files[0] == files[1])
    }

    @Test func rulesHoldInWritingToo() throws {
        func refusal(_ layout: [GGUFWriter.Layout], _ metadata: [String: GGUFValue] = [:]) -> GGUFError? {
            #expect(throws: GGUFError.self) {
                _ = try GGUFWriter(
                    to: scratch.url.appendingPathComponent("bad"), metadata: metadata, tensors: layout)
            }
        }
        let vector = GGUFWriter.Layout(name: "a", dimensions: [2], type: .f32)
        #expect(refusal([vector, vector]) == .duplicateTensor("a"))
        #expect(refusal([.init(name: "", dimensions: [2], type: .f32)]) == .emptyTensorName(index: 0))
        let long = String(repeating: "栈", count: 22)
        #expect(
            refusal([.init(name: long, dimensions: [2], type: .f32)])
                == .tensorNameTooLong(index: 0, length: 66, limit: 63))
        #expect(
            refusal([.init(name: "q", dimensions: [33], type: .q8_0)])
                == .partialBlock(tensor: "q", columns: 33, blockLength: 32))
        #expect(
            refusal([.init(name: "n", dimensions: [-1], type: .f32)])
                == .negativeDimension(tensor: "n", axis: 0, actual: .max))
        #expect(
            refusal([.init(name: "d", dimensions: [1, 1, 1, 1, 1], type: .f32)])
                == .tooManyDimensions(tensor: "d", actual: 5))
        #expect(refusal([], ["general.alignment": .uint32(12)]) == .badAlignment(actual: 12))
        #expect(refusal([], ["": .uint8(1)]) == .emptyKey(index: 0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }

    @Test func bytesAreCounted() throws {
        let url = scratch.url.appendingPathComponent("short")
        do {
            let writer = try GGUFWriter(
                to: url, metadata: [:], tensors: [.init(name: "a", dimensions: [2], type: .f32)])
            #expect(throws: GGUFError.tooMuchWritten(tensor: "a", expected: 8, actual: 9)) {
                try writer.write([UInt8](repeating: 0, count: 9))
            }
            try writer.write([1, 2, 3])
            #expect(throws: GGUFError.incomplete(tensor: "a", missing: 5)) { try writer.finish() }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }
}
