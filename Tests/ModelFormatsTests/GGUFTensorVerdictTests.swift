import Foundation
import ModelFormats
import Testing

/// What the tensor list and the data of a GGUF file may be (facts/gguf.md §2).
struct GGUFTensorVerdictTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func open(_ change: (inout GGUFBytes) -> Void) throws -> GGUFFile {
        var file = GGUFBytes()
        change(&file)
        return try GGUFFile(scratch.write(file.bytes, to: "case.gguf"))
    }

    private func refusal(_ change: (inout GGUFBytes) -> Void) -> GGUFError? {
        #expect(throws: GGUFError.self) { _ = try open(change) }
    }

    private func refusal(_ dimensions: [UInt64], type: UInt32 = 0, name: String = "t", offset: UInt64 = 0)
        -> GGUFError?
    {
        refusal { file in
            file.tensors = [.init(name: name, dimensions: dimensions, type: type, offset: offset, byteCount: 32)]
        }
    }

    @Test func nameTooLong() {
        let name = String(repeating: "n", count: 64)
        #expect(refusal([8], name: name) == .tensorNameTooLong(index: 0, length: 64, limit: 63))
    }

    @Test func longestNameIsRead() throws {
        let name = String(repeating: "n", count: 63)
        #expect(try open { $0.addTensor(name, [8]) }.tensor(name)?.rows == 1)
    }

    @Test func fiveDimensions() {
        #expect(refusal([1, 1, 1, 1, 1]) == .tooManyDimensions(tensor: "t", actual: 5))
    }

    @Test func negativeDimension() {
        let minusOne = UInt64.max
        #expect(refusal([4, minusOne]) == .negativeDimension(tensor: "t", axis: 1, actual: minusOne))
    }

    @Test func zeroDimensionIsRead() throws {
        let file = try open { file in
            file.addTensor("empty", [4, 0])
            file.addTensor("next", [4])
        }
        #expect(try file.read("empty").isEmpty)
        #expect(try file.read("next").count == 16)
    }

    @Test func elementCountOverflows() {
        let dimensions = [1 << 40, 1 << 40]
        #expect(refusal([1 << 40, 1 << 40]) == .tooManyElements(tensor: "t", dimensions: dimensions))
        #expect(
            refusal([2, 1 << 31, 1 << 31, 2]) == .tooManyElements(tensor: "t", dimensions: [2, 1 << 31, 1 << 31, 2]))
    }

    @Test func byteCountOverflows() {
        #expect(refusal([1 << 62]) == .tooManyBytes(tensor: "t", dimensions: [1 << 62]))
        #expect(refusal([1 << 61, 2], type: 28) == .tooManyBytes(tensor: "t", dimensions: [1 << 61, 2]))
    }

    @Test func byteCountWrapsWhenPadded() {
        // One byte an element: 2^63 - 1 bytes fit, their padding does not.
        let most = UInt64(Int64.max)
        #expect(refusal([most], type: 24) == .tooManyBytes(tensor: "t", dimensions: [Int(most)]))
    }

    @Test func sumOfSizesOverflows() {
        let error = refusal { file in
            file.tensors = [
                .init(name: "a", dimensions: [1 << 62], type: 24, offset: 0),
                .init(name: "b", dimensions: [1 << 62], type: 24, offset: 1 << 62),
            ]
        }
        #expect(error == .tooManyBytes(tensor: "b", dimensions: [1 << 62]))
    }

    @Test func unknownType() { #expect(refusal([8], type: 99) == .unknownTensorType(tensor: "t", id: 99)) }

    @Test(arguments: [(4, "Q4_2"), (31, "Q4_0_4_4"), (38, "IQ4_NL_8_8")] as [(UInt32, String)])
    func removedType(id: UInt32, name: String) {
        #expect(refusal([8], type: id) == .removedTensorType(tensor: "t", name: name))
    }

    @Test func partialBlock() {
        #expect(refusal([33], type: 2) == .partialBlock(tensor: "t", columns: 33, blockLength: 32))
        #expect(refusal([128, 2], type: 12) == .partialBlock(tensor: "t", columns: 128, blockLength: 256))
    }

    @Test(arguments: [4, 32, 0xFFFF_FFFF_FFFF_FFE0] as [UInt64])
    func wrongOffset(offset: UInt64) {
        #expect(refusal([8], offset: offset) == .wrongOffset(tensor: "t", expected: 0, actual: offset))
    }

    @Test func overlapAndHole() {
        for second: UInt64 in [0, 16, 64] {
            let error = refusal { file in
                file.addTensor("a", [8])
                file.tensors.append(.init(name: "b", dimensions: [8], offset: second, byteCount: 32))
            }
            #expect(error == .wrongOffset(tensor: "b", expected: 32, actual: second))
        }
    }

    @Test func duplicateName() {
        let error = refusal { file in
            file.addTensor("a", [8])
            file.addTensor("a", [8])
        }
        #expect(error == .duplicateTensor("a"))
    }

    @Test func badAlignmentOfTensors() {
        let error = refusal { file in
            file.add("general.alignment", u32: 24)
            file.addTensor("a", [8])
        }
        #expect(error == .badAlignment(actual: 24))
    }

    @Test func offsetsOfAnotherAlignment() {
        let error = refusal { file in
            file.add("general.alignment", u32: 64)
            file.addTensor("a", [8])
            file.addTensor("b", [8])
        }
        #expect(error == .wrongOffset(tensor: "b", expected: 64, actual: 32))
    }

    @Test func customAlignment() throws {
        let file = try open { file in
            file.alignment = 128
            file.add("general.alignment", u32: 128)
            file.addTensor("a", [3, 2])
            file.addTensor("b", [5])
        }
        #expect(file.tensor("b")?.offset == 128)
        #expect(try file.read("b") == (0..<20).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) })
    }

    @Test func plain() throws {
        let file = try open { file in
            file.addTensor("m", [4, 3])
            file.addTensor("v", [8])
            file.addTensor("scalar", [])
        }
        #expect(file.tensors.map(\.name) == ["m", "v", "scalar"])
        let all = try file.read("m")
        #expect(all == (0..<48).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) })
        #expect(try file.read("m", rows: 1..<3) == Array(all[16..<48]))
        #expect(try file.read("m", rows: 2..<2).isEmpty)
        #expect(try file.read("scalar").count == 4)
        #expect(throws: GGUFError.rowsOutOfRange(tensor: "m", rows: 1..<4, count: 3)) {
            try file.read("m", rows: 1..<4)
        }
        #expect(throws: GGUFError.noSuchTensor("x")) { try file.read("x") }
    }

    @Test func notEnoughData() throws {
        let whole = try open { $0.addTensor("a", [8, 4]) }.size
        #expect(
            refusal { file in
                file.addTensor("a", [8, 4])
                file.cut = 1
            } == .truncatedData(expected: whole, actual: whole - 1))
    }

    /// "Bleeding Llama": sizes beyond the file made a server push its memory out with the model.
    @Test func tensorBeyondFile() {
        let error = refusal { $0.tensors = [.init(name: "a", dimensions: [1 << 40], byteCount: 32)] }
        #expect(error == .truncatedData(expected: 64 + 1 << 42, actual: 96))
    }

    @Test func dataSizeOverflows() {
        let error = refusal { $0.tensors = [.init(name: "a", dimensions: [UInt64(Int64.max) - 63], type: 24)] }
        guard case .truncatedData? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func bytesThatNothingOwns() throws {
        let whole = try open { $0.addTensor("a", [8]) }.size
        let error = refusal { file in
            file.addTensor("a", [8])
            file.extra = 1
        }
        #expect(error == .trailingBytes(expected: whole, actual: whole + 1))
    }

    @Test func lastPaddingMayBeMissing() throws {
        let file = try open { file in
            file.addTensor("a", [5])
            file.cut = 12
        }
        #expect(try file.read("a").count == 20)
    }

    @Test func everyTruncationIsRefused() throws {
        var file = GGUFBytes()
        file.add("general.architecture", string: "llama")
        file.add("list", array: 8, count: 3, string("a") + string("bc") + string("def"))
        file.addTensor("token_embd.weight", [4, 3])
        file.addTensor("v", [8])
        let bytes = file.bytes
        for length in 0..<bytes.count {
            let url = try scratch.write(Array(bytes.prefix(length)), to: "cut.gguf")
            #expect(throws: GGUFError.self, "\(length) of \(bytes.count)") { try GGUFFile(url) }
        }
    }

    @Test func foldersAndPipesAreNoFiles() throws {
        #expect(throws: GGUFError.file(.isFolder(path: scratch.url.path))) { try GGUFFile(scratch.url) }
        let pipe = scratch.url.appendingPathComponent("pipe").path
        let made = unsafe mkfifo(pipe, 0o600)
        try #require(made == 0)
        #expect(throws: GGUFError.file(.notAFile(path: pipe))) { try GGUFFile(URL(fileURLWithPath: pipe)) }
    }

    @Test func shrinkingFileIsAnError() throws {
        var bytes = GGUFBytes()
        bytes.addTensor("a", [1024, 16])
        let url = try scratch.write(bytes.bytes, to: "shrinks.gguf")
        let file = try GGUFFile(url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: 1000)
        let error = #expect(throws: GGUFError.self) { try file.read("a") }
        guard case .file(.shortRead)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
