import Foundation
import ModelFormats
import Testing

/// The handcrafted cases of llama.cpp's test-gguf (facts/gguf.md §2) and attacks seen in the field.
struct GGUFVerdictTests {
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

    // MARK: The head

    @Test func badMagic() {
        #expect(refusal { $0.magic = Array("GGML".utf8) } == .badMagic(actual: Array("GGML".utf8)))
    }

    @Test func version0() { #expect(refusal { $0.version = 0 } == .unsupportedVersion(actual: 0)) }

    @Test func version1() { #expect(refusal { $0.version = 1 } == .unsupportedVersion(actual: 1)) }

    @Test func futureVersion() { #expect(refusal { $0.version = 4 } == .unsupportedVersion(actual: 4)) }

    @Test func otherByteOrder() {
        #expect(refusal { $0.version = 0x0300_0000 } == .otherByteOrder(version: 0x0300_0000))
    }

    @Test func version2IsRead() throws { #expect(try open { $0.version = 2 }.version == 2) }

    @Test func tooManyKeys() {
        #expect(refusal { $0.keyCount = 1 << 60 } == .tooManyKeys(actual: 1 << 60, limit: 1 << 16))
    }

    @Test func moreKeysThanBytes() throws {
        let error = try #require(
            refusal { file in
                file.keyCount = 40_000
                // The header ends at byte 64, where the alignment needs no padding.
                file.keys = [(String(repeating: "k", count: 27), 0, [1])]
            })
        #expect(error == .truncatedHeader(reading: "metadata key 1", offset: 64, needed: 8, available: 0))
    }

    @Test func tooManyTensors() {
        #expect(refusal { $0.tensorCount = 1 << 61 } == .tooManyTensors(actual: 1 << 61, limit: 1 << 20))
    }

    @Test func emptyFile() throws {
        let file = try open { _ in }
        #expect(file.keys.isEmpty && file.tensors.isEmpty)
        // The padding after the header may be missing when nothing follows.
        let bare = try GGUFFile(scratch.write(Array(GGUFBytes().bytes.prefix(24)), to: "bare.gguf"))
        #expect(bare.tensors.isEmpty)
    }

    // MARK: Keys

    @Test func keyBeyondFile() throws {
        let head = Array(GGUFBytes(keyCount: 1).bytes.prefix(24))
        let file = try scratch.write(head + le(UInt64(60_000)) + [1, 2], to: "key.gguf")
        #expect(
            throws: GGUFError.truncatedHeader(reading: "metadata key 0", offset: 32, needed: 60_000, available: 2)
        ) { try GGUFFile(file) }
    }

    @Test func keyTooLong() {
        let key = String(repeating: "k", count: 65_536)
        #expect(refusal { $0.add(key, u32: 1) } == .keyTooLong(index: 0, length: 65_536, limit: 65_535))
    }

    @Test func emptyKey() { #expect(refusal { $0.add("", u32: 1) } == .emptyKey(index: 0)) }

    @Test func unknownValueType() {
        #expect(refusal { $0.keys.append(("a", 13, le(UInt32(1)))) } == .unknownValueType(key: "a", actual: 13))
    }

    @Test func unknownElementType() {
        #expect(refusal { $0.add("a", array: 99, count: 1, [0]) } == .unknownValueType(key: "a", actual: 99))
    }

    @Test func duplicateKey() {
        let error = refusal { file in
            file.add("a", u32: 1)
            file.add("a", u32: 2)
        }
        #expect(error == .duplicateKey("a"))
    }

    @Test(arguments: [0, 3, 48, 0x8000_0000] as [UInt32])
    func alignmentNoPowerOfTwo(value: UInt32) {
        #expect(refusal { $0.add("general.alignment", u32: value) } == .badAlignment(actual: value))
    }

    @Test func alignmentOfAnotherType() {
        let error = refusal { $0.keys.append(("general.alignment", 10, le(UInt64(32)))) }
        #expect(error == .alignmentType(actual: "u64"))
    }

    @Test func arraysOfArrays() {
        #expect(refusal { $0.add("a", array: 9, count: 1, le(UInt32(0)) + le(UInt64(0))) } == .nestedArray(key: "a"))
    }

    @Test func hugeArrayCount() {
        let error = refusal { $0.add("a", array: 4, count: 1 << 62, []) }
        #expect(error == .arrayTooLong(key: "a", count: 1 << 62, limit: 16 << 20))
        let strings = refusal { $0.add("a", array: 8, count: 1 << 40, []) }
        #expect(strings == .arrayTooLong(key: "a", count: 1 << 40, limit: 1 << 22))
    }

    @Test func countBeyondFile() throws {
        // Counts that a loop would believe: the first hung a reader in the field, since every element was "empty".
        for type: UInt32 in [0, 4, 8, 10] {
            let error = try #require(refusal { $0.add("a", array: type, count: 4_000_000, []) })
            guard case .truncatedHeader(let reading, _, _, _) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(reading == "a")
        }
    }

    @Test func hugeString() {
        let error = refusal { $0.keys.append(("a", 8, le(UInt64.max))) }
        #expect(error == .stringTooLong(reading: "a", length: .max, limit: 64 << 20))
    }

    @Test func stringsMustBeText() {
        let error = refusal { $0.keys.append(("a", 8, le(UInt64(2)) + [0xC3, 0x28])) }
        #expect(error == .notUTF8(reading: "a", offset: 24 + 9 + 4 + 8))
    }

    @Test func allValueTypes() throws {
        let file = try open { file in
            file.keys = [
                ("u8", 0, [200]), ("i8", 1, [0xFF]), ("u16", 2, le(UInt16(60_000))), ("i16", 3, le(Int16(-2))),
                ("u32", 4, le(UInt32(4_000_000_000))), ("i32", 5, le(Int32(-3))), ("f32", 6, le(Float(1.5).bitPattern)),
                ("bool", 7, [2]), ("string", 8, string("栈板 pallet")), ("u64", 10, le(UInt64.max)),
                ("i64", 11, le(Int64.min)), ("f64", 12, le(Double.pi.bitPattern)),
            ]
            file.add("strings", array: 8, count: 2, string("a") + string(""))
            file.add("bools", array: 7, count: 3, [0, 1, 9])
            file.add("i16s", array: 3, count: 2, le(Int16(-1)) + le(Int16(7)))
            file.add("f32s", array: 6, count: 1, le(Float(-2).bitPattern))
            file.add("none", array: 12, count: 0, [])
        }
        #expect(file.keys.count == 17 && file.keys.first == "u8" && file.keys.last == "none")
        let expected: [String: GGUFValue] = [
            "u8": .uint8(200), "i8": .int8(-1), "u16": .uint16(60_000), "i16": .int16(-2),
            "u32": .uint32(4_000_000_000), "i32": .int32(-3), "f32": .float32(1.5), "bool": .bool(true),
            "string": .string("栈板 pallet"), "u64": .uint64(.max), "i64": .int64(.min), "f64": .float64(.pi),
            "strings": .array(.string(["a", ""])), "bools": .array(.bool([false, true, true])),
            "i16s": .array(.int16([-1, 7])), "f32s": .array(.float32([-2])), "none": .array(.float64([])),
        ]
        #expect(file.metadata == expected)
        // Types are never mixed up: a number of one kind is not read as another.
        #expect(file.metadata["u64"]?.integer == nil && file.metadata["string"]?.integer == nil)
        #expect(file.metadata["i16s"]?.floats == [-1, 7] && file.metadata["strings"]?.floats == nil)
    }
}
