import Foundation
import ModelFormats
import Testing

/// The rules of safetensors, one test per attack.
struct SafetensorsTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func open(_ header: String, data: Int = 0, length: UInt64? = nil) throws -> SafetensorsFile {
        let text = Array(header.utf8)
        let bytes = le(length ?? UInt64(text.count)) + text + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
        return try SafetensorsFile(scratch.write(bytes, to: "case.safetensors"))
    }

    private func refusal(_ header: String, data: Int = 0, length: UInt64? = nil) -> SafetensorsError? {
        #expect(throws: SafetensorsError.self) { _ = try open(header, data: data, length: length) }
    }

    private static func entry(_ name: String, _ type: String, _ shape: String, _ start: Int, _ end: Int) -> String {
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
    }

    @Test func plain() throws {
        let a = Self.entry("a", "F32", "[2,2]", 0, 16)
        let b = Self.entry("b", "BF16", "[3]", 16, 22)
        let file = try open(#"{\#(b),\#(a),"__metadata__":{"format":"pt"}}   "#, data: 22)
        #expect(file.tensors.map(\.name) == ["a", "b"] && file.metadata == ["format": "pt"])
        #expect(try file.read("b") == [16, 17, 18, 19, 20, 21])
        #expect(try file.read("a", bytes: 4..<8) == [4, 5, 6, 7])
        #expect(throws: SafetensorsError.rangeOutside(tensor: "b", range: 4..<7, byteCount: 6)) {
            try file.read("b", bytes: 4..<7)
        }
        #expect(throws: SafetensorsError.noSuchTensor("c")) { try file.read("c") }
    }

    @Test func emptyFilesAndTensorsWithoutElements() throws {
        #expect(try open("{}").tensors.isEmpty)
        let file = try open("{\(Self.entry("z", "F32", "[0,4]", 0, 0)),\(Self.entry("a", "U8", "[2]", 0, 2))}", data: 2)
        #expect(try file.read("z").isEmpty && file.read("a") == [0, 1])
        #expect(try open("{\(Self.entry("s", "F32", "[]", 0, 4))}", data: 4).read("s").count == 4)
    }

    @Test func headerTooSmall() throws {
        #expect(throws: SafetensorsError.headerTooSmall(actual: 5)) {
            try SafetensorsFile(scratch.write([1, 0, 0, 0, 0], to: "five"))
        }
    }

    @Test func headerTooLarge() {
        #expect(refusal("{}", length: 100_000_001) == .headerTooLarge(actual: 100_000_001, limit: 100_000_000))
        #expect(refusal("{}", length: .max) == .headerTooLarge(actual: .max, limit: 100_000_000))
    }

    @Test func headerBeyondFile() {
        #expect(refusal("{}", length: 90_000_000) == .headerBeyondFile(length: 90_000_000, available: 2))
    }

    @Test func headerStart() {
        #expect(refusal(" {}") == .headerStart(actual: 0x20))
        #expect(refusal("[]") == .headerStart(actual: 0x5B))
    }

    @Test func headerIsNoJSON() {
        for text in ["{", "{]", "{\"a\":}", "{\"a\":1,}", "{}x", "{\"a\":tru}", "{\"a\u{1}\":1}", "{\"\\ud800\":1}"] {
            guard case .header? = refusal(text) else {
                Issue.record("\(text)")
                continue
            }
        }
    }

    @Test func depthBomb() {
        let bomb = "{\"a\":" + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}"
        guard case .header(.tooDeep(_, let limit))? = refusal(bomb) else {
            Issue.record("not refused for its depth")
            return
        }
        #expect(limit == 64)
    }

    @Test func duplicateNames() {
        let twice = "{\(Self.entry("a", "U8", "[1]", 0, 1)),\(Self.entry("a", "U8", "[1]", 1, 2))}"
        guard case .header(.duplicateName(_, "a"))? = refusal(twice, data: 2) else {
            Issue.record("not refused as a duplicate")
            return
        }
    }

    @Test func holeOverlapAndOrder() {
        let a = Self.entry("a", "U8", "[4]", 0, 4)
        #expect(
            refusal("{\(a),\(Self.entry("b", "U8", "[4]", 5, 9))}", data: 9)
                == .holeOrOverlap(tensor: "b", expectedStart: 4, actualStart: 5))
        #expect(
            refusal("{\(a),\(Self.entry("b", "U8", "[4]", 2, 6))}", data: 6)
                == .holeOrOverlap(tensor: "b", expectedStart: 4, actualStart: 2))
        #expect(
            refusal("{\(Self.entry("a", "U8", "[4]", 1, 5))}", data: 5)
                == .holeOrOverlap(tensor: "a", expectedStart: 0, actualStart: 1))
    }

    @Test func sizes() {
        let a = Self.entry("a", "F16", "[4]", 0, 4)
        #expect(refusal("{\(a)}", data: 4) == .wrongSize(tensor: "a", expected: 8, actual: 4))
        let huge = Self.entry("a", "F32", "[4611686018427387904,4]", 0, 0)
        #expect(refusal("{\(huge)}") == .sizeOverflow(tensor: "a", shape: [1 << 62, 4]))
        #expect(
            refusal("{\(Self.entry("a", "U8", "[9]", 0, 9))}", data: 8) == .truncatedData(expected: 9, actual: 8))
        #expect(
            refusal("{\(Self.entry("a", "U8", "[9]", 0, 9))}", data: 10) == .trailingBytes(expected: 9, actual: 10))
        #expect(refusal("{}", data: 1) == .trailingBytes(expected: 0, actual: 1))
    }

    @Test(
        arguments: [
            #"{"a":1}"#, #"{"a":{}}"#, #"{"a":{"dtype":"U8","shape":[1]}}"#,
            #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#,
            #"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}"#,
            #"{"a":{"dtype":"U8","shape":"1","data_offsets":[0,1]}}"#,
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}"#,
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#,
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,99999999999999999999]}}"#,
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}}"#,
        ])
    func badEntries(header: String) {
        guard case .badEntry(let tensor, _)? = refusal(header, data: 1) else {
            Issue.record("\(header)")
            return
        }
        #expect(tensor == "a")
    }

    @Test func unknownType() {
        let error = refusal("{\(Self.entry("a", "F128", "[1]", 0, 16))}", data: 16)
        #expect(error == .unknownType(tensor: "a", actual: "F128"))
        #expect(error?.description.contains("BF16") == true)
    }

    @Test func metadataMustBeStrings() {
        #expect(refusal(#"{"__metadata__":{"a":1}}"#) == .badMetadata)
        #expect(refusal(#"{"__metadata__":"a"}"#) == .badMetadata)
    }

    @Test func writtenIsRead() throws {
        let url = scratch.url.appendingPathComponent("out.safetensors")
        let types = SafetensorsType.allCases
        let layout = types.enumerated().map { number, type in
            SafetensorsWriter.Layout(name: "t\(number).\"栈板\"", shape: [number, 3], type: type)
        }
        let writer = try SafetensorsWriter(to: url, metadata: ["k": "v\n\u{1}"], tensors: layout)
        var contents: [[UInt8]] = []
        for tensor in layout {
            let size = tensor.shape.reduce(tensor.type.width, *)
            contents.append((0..<size).map { UInt8(truncatingIfNeeded: $0 * 11 + size) })
            // In two pieces, and the name does not exist before the end.
            try writer.write(Array(contents[contents.count - 1].prefix(size / 2)))
            try writer.write(Array(contents[contents.count - 1].dropFirst(size / 2)))
            #expect(!FileManager.default.fileExists(atPath: url.path))
        }
        try writer.finish()
        let file = try SafetensorsFile(url)
        #expect(file.metadata == ["k": "v\n\u{1}"])
        for (tensor, content) in zip(layout, contents) {
            #expect(file.tensor(tensor.name)?.shape == tensor.shape)
            #expect(file.tensor(tensor.name)?.type == tensor.type)
            #expect(try file.read(tensor.name) == content)
        }
        #expect(throws: SafetensorsError.file(.exists(path: url.path))) {
            try SafetensorsWriter(to: url, tensors: layout)
        }
    }

    @Test func writerCountsBytes() throws {
        let url = scratch.url.appendingPathComponent("short.safetensors")
        let layout = [SafetensorsWriter.Layout(name: "a", shape: [4], type: .u8)]
        do {
            let writer = try SafetensorsWriter(to: url, tensors: layout)
            #expect(throws: SafetensorsError.wrongSize(tensor: "a", expected: 4, actual: 5)) {
                try writer.write([1, 2, 3, 4, 5])
            }
            try writer.write([1, 2, 3])
            #expect(throws: SafetensorsError.wrongSize(tensor: "a", expected: 4, actual: 3)) { try writer.finish() }
        }
        // Nothing is left, neither the file nor what stood beside it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }
}
