public import FoundationEssentials

/// Element types of safetensors. The 8-bit floats, the unsigned and the complex numbers can be listed and read as
/// bytes; nothing here computes with them.
public enum SafetensorsType: String, CaseIterable, Sendable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u8 = "U8"
    case bool = "BOOL"
    case u64 = "U64"
    case u32 = "U32"
    case u16 = "U16"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"
    case f8e8m0 = "F8_E8M0"
    case c64 = "C64"

    /// Bytes of one element.
    public var width: Int {
        switch self {
        case .f64, .i64, .u64, .c64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool, .f8e4m3, .f8e5m2, .f8e8m0: 1
        }
    }
}

/// One tensor of a safetensors file.
public struct SafetensorsTensor: Equatable, Sendable {
    /// Unique in the file.
    public let name: String
    /// Type of the elements.
    public let type: SafetensorsType
    /// Outermost dimension first, as PyTorch says it: [rows, columns].
    public let shape: [Int]
    /// Where the bytes lie in the data section.
    public let range: Range<Int>
}

/// A safetensors file opened for reading.
///
/// Layout: u64 length n (little-endian) · n bytes of JSON `{"name": {"dtype", "shape", "data_offsets": [start, end]},
/// …, "__metadata__": {string: string}}`, maybe ended by spaces · data. Valid only if the tensors, in the order of
/// their offsets, cover the data without hole and overlap, and each spans exactly what its shape and type need.
public final class SafetensorsFile: Sendable {
    /// Largest header; the same bound as the format's own library has.
    public static let maximumHeader = 100_000_000

    /// The tensors in the order of their offsets.
    public let tensors: [SafetensorsTensor]
    /// The `__metadata__` strings.
    public let metadata: [String: String]
    /// Size of the file in bytes.
    public var size: Int { file.size }

    private let file: ReadOnlyFile
    private let dataStart: Int
    private let indices: [String: Int]

    /// Opens a file and checks it against every rule of the format.
    public init(_ url: URL) throws(SafetensorsError) {
        do { file = try ReadOnlyFile(url) } catch { throw .file(error) }
        guard file.size >= 8 else { throw .headerTooSmall(actual: file.size) }
        let head = try Self.read(file, at: 0, count: 8)
        let length: UInt64 = littleEndian(head, at: 0)
        guard length <= UInt64(Self.maximumHeader) else {
            throw .headerTooLarge(actual: length, limit: Self.maximumHeader)
        }
        guard Int(length) <= file.size - 8 else {
            throw .headerBeyondFile(length: length, available: file.size - 8)
        }
        let header = try Self.read(file, at: 8, count: Int(length))
        guard let first = header.first else { throw .headerTooSmall(actual: file.size) }
        guard first == UInt8(ascii: "{") else { throw .headerStart(actual: first) }
        let json: JSONValue
        do { json = try JSONReader.value(of: header) } catch { throw .header(error) }
        guard case .object(var members) = json else { throw .headerNotObject }
        metadata = try Self.metadata(members.removeValue(forKey: "__metadata__"))
        dataStart = 8 + Int(length)
        tensors = try Self.tensors(members)
        try Self.checkCover(tensors, dataSize: file.size - dataStart)
        indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tensor of this name.
    public func tensor(_ name: String) -> SafetensorsTensor? { indices[name].map { tensors[$0] } }

    /// The bytes of a whole tensor.
    public func read(_ name: String) throws(SafetensorsError) -> [UInt8] {
        guard let tensor = tensor(name) else { throw .noSuchTensor(name) }
        return try read(name, bytes: 0..<tensor.range.count)
    }

    /// Some bytes of a tensor, counted from its start.
    public func read(_ name: String, bytes range: Range<Int>) throws(SafetensorsError) -> [UInt8] {
        guard let tensor = tensor(name) else { throw .noSuchTensor(name) }
        guard range.lowerBound >= 0, range.upperBound <= tensor.range.count else {
            throw .rangeOutside(tensor: name, range: range, byteCount: tensor.range.count)
        }
        return try Self.read(file, at: dataStart + tensor.range.lowerBound + range.lowerBound, count: range.count)
    }

    private static func read(_ file: ReadOnlyFile, at offset: Int, count: Int) throws(SafetensorsError) -> [UInt8] {
        do { return try file.bytes(at: offset, count: count) } catch { throw .file(error) }
    }

    private static func metadata(_ value: JSONValue?) throws(SafetensorsError) -> [String: String] {
        guard let value else { return [:] }
        guard let members = value.object else { throw .badMetadata }
        let strings = members.compactMapValues(\.string)
        guard strings.count == members.count else { throw .badMetadata }
        return strings
    }

    private static func tensors(_ members: [String: JSONValue]) throws(SafetensorsError) -> [SafetensorsTensor] {
        var result: [SafetensorsTensor] = []
        result.reserveCapacity(members.count)
        for (name, entry) in members { result.append(try tensor(name, entry)) }
        // Tensors without elements share their start with the next one: they come first.
        return result.sorted {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
    }

    private static func tensor(_ name: String, _ entry: JSONValue) throws(SafetensorsError) -> SafetensorsTensor {
        guard let fields = entry.object else { throw .badEntry(tensor: name, reason: "it is \(entry.kind)") }
        if let extra = fields.keys.first(where: { !["dtype", "shape", "data_offsets"].contains($0) }) {
            throw .badEntry(tensor: name, reason: "unknown field \(extra)")
        }
        guard let stated = fields["dtype"]?.string else { throw .badEntry(tensor: name, reason: "dtype is missing") }
        guard let type = SafetensorsType(rawValue: stated) else { throw .unknownType(tensor: name, actual: stated) }
        let shape = try sizes(fields["shape"], tensor: name, field: "shape")
        let offsets = try sizes(fields["data_offsets"], tensor: name, field: "data_offsets")
        guard offsets.count == 2 else { throw .badEntry(tensor: name, reason: "data_offsets needs two numbers") }
        guard offsets[0] <= offsets[1] else {
            throw .badEntry(tensor: name, reason: "data_offsets end before they start")
        }
        var bytes = type.width
        for dimension in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .sizeOverflow(tensor: name, shape: shape) }
            bytes = product
        }
        let range = offsets[0]..<offsets[1]
        guard range.count == bytes else { throw .wrongSize(tensor: name, expected: bytes, actual: range.count) }
        return SafetensorsTensor(name: name, type: type, shape: shape, range: range)
    }

    private static func sizes(_ value: JSONValue?, tensor: String, field: String) throws(SafetensorsError) -> [Int] {
        guard let elements = value?.array else { throw .badEntry(tensor: tensor, reason: "\(field) is not an array") }
        var result: [Int] = []
        for element in elements {
            guard case .integer(let size) = element, size >= 0 else {
                throw .badEntry(tensor: tensor, reason: "\(field) must hold integers from 0 to 2^63 - 1")
            }
            result.append(size)
        }
        return result
    }

    private static func checkCover(_ tensors: [SafetensorsTensor], dataSize: Int) throws(SafetensorsError) {
        var end = 0
        for tensor in tensors {
            guard tensor.range.lowerBound == end else {
                throw .holeOrOverlap(tensor: tensor.name, expectedStart: end, actualStart: tensor.range.lowerBound)
            }
            end = tensor.range.upperBound
        }
        guard end <= dataSize else { throw .truncatedData(expected: end, actual: dataSize) }
        guard end == dataSize else { throw .trailingBytes(expected: end, actual: dataSize) }
    }
}
