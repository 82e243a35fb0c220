import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ElementTypeTests {
    @Test func namesAndSizes() {
        #expect(ElementType.named["q4_k"] == .q4_k && ElementType.named["bf16"] == .bf16)
        #expect(ElementType.q4_k.name == "Q4_K")
        #expect(ElementType.q6_k.byteCount(elements: 512) == 420)
        #expect(ElementType.q6_k.byteCount(elements: 500) == nil)
        #expect(ElementType.f64.byteCount(elements: Int.max) == nil)
        #expect(ElementType.f32.byteCount(elements: -1) == nil)
        #expect(ElementType.allCases.filter(\.isComputable).count == 15)
        #expect(ElementType.allCases.filter(\.isEncodable).count == 11)
        #expect(ElementType.q4_k.largestEncodable < 65520 && ElementType.bf16.largestEncodable > 1e38)
    }
}

/// A safetensors file, read by its rules and nothing more: u64 length, JSON head, data.
struct TensorFile {
    var head: [String: Any] = [:]
    var body = Data()

    init(_ path: String) throws {
        let data = try Shared.data(path)
        let length = Int(data[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        head = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
        body = Data(data[(8 + length)...])
    }

    var cases: [String] {
        Set(head.keys.filter { $0 != "__metadata__" }.compactMap { $0.split(separator: ".").first.map(String.init) })
            .sorted()
    }

    func bytes(_ name: String) -> (shape: [Int], bytes: [UInt8])? {
        guard let entry = head[name] as? [String: Any], let shape = entry["shape"] as? [Int],
            let span = entry["data_offsets"] as? [Int]
        else { return nil }
        return (shape, [UInt8](body[span[0]..<span[1]]))
    }

    func floats(_ name: String) -> [Float]? {
        guard let bytes = bytes(name)?.bytes else { return nil }
        return stride(from: 0, to: bytes.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[at + $1]) })
        }
    }
}

/// Blocks against values and bytes that llama.cpp and the gguf package computed.
@Suite(.enabled(if: Shared.available, Shared.hint)) struct ReferenceQuantisationTests {
    static let types: [ElementType] = [
        .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_k, .q3_k, .q4_k, .q5_k, .q6_k, .iq4_nl, .iq4_xs,
    ]

    @Test(arguments: types)
    func valuesOfBytes(type: ElementType) throws {
        let file = try TensorFile("reference/quantisation/\(type.name.lowercased()).safetensors")
        var checked = 0
        for name in file.cases {
            guard let (shape, bytes) = file.bytes("\(name).bytes"), let expected = file.floats("\(name).dequantised")
            else { continue }
            let values = try Quantisation.dequantise(bytes, type: type, count: expected.count)
            let differing = zip(values, expected).filter { $0 != $1 && !($0.isNaN && $1.isNaN) }.count
            #expect(differing == 0, "\(type) \(name): \(differing) of \(expected.count)")
            // The packed form decodes to the same values, row by row.
            let columns = expected.count / shape[0], rowBytes = bytes.count / shape[0]
            let matrix = try WeightMatrix(rows: shape[0], columns: columns, type: type, precision: .integer) { range in
                Array(bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes])
            }
            for row in 0..<shape[0] {
                let decoded = try matrix.row(row)
                #expect(unequal(decoded, values[row * columns..<(row + 1) * columns]) == 0, "\(type) \(name)")
            }
            checked += 1
        }
        #expect(checked >= 10)
    }

    @Test(arguments: types.filter { $0.blockLength <= 32 && $0.isEncodable })
    func bytesOfValues(type: ElementType) throws {
        let file = try TensorFile("reference/quantisation/\(type.name.lowercased()).safetensors")
        var checked = 0
        for name in file.cases where file.head["\(name).importance"] == nil {
            guard let expected = file.bytes("\(name).bytes")?.bytes, let source = file.floats("\(name).source")
            else { continue }
            let bytes = try Quantisation.encode(source, type: type)
            let differing = zip(bytes, expected).filter { $0 != $1 }.count
            #expect(bytes.count == expected.count && differing == 0, "\(type) \(name): \(differing) bytes")
            checked += 1
        }
        #expect(checked >= 10)
    }
}

@Suite struct QuantisationTests {
    /// All 65536 halves, against the compiler's own conversion.
    @Test func everyHalf() throws {
        let words = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let values = try Quantisation.dequantise(words, type: .f16, count: 65536)
        for (word, value) in zip(0...UInt16.max, values) {
            let expected = Float(Float16(bitPattern: word))
            #expect(value == expected || (value.isNaN && expected.isNaN))
        }
        #expect(try Quantisation.encode(values.filter { !$0.isNaN }, type: .f16).count == 2 * (65536 - 2 * 1023))
        let back = try Quantisation.encode(values, type: .f16)
        for (index, value) in values.enumerated() where !value.isNaN {
            #expect(back[2 * index] == words[2 * index] && back[2 * index + 1] == words[2 * index + 1])
        }
    }

    @Test func roundsHalvesToNearestEven() throws {
        var generator = Generator(8)
        var values: [Float] = [65519.996, 65520, 65504, 1e-8, 2.98e-8, 5.96e-8, 6.1e-5, 6.097e-5, .infinity]
        for _ in 0..<20000 { values.append(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))) }
        for value in values where !value.isNaN {
            let bytes = try Quantisation.encode([value, -value], type: .f16)
            let word = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
            #expect(word == Float16(value).bitPattern, "\(value)")
            #expect(UInt16(bytes[2]) | UInt16(bytes[3]) << 8 == word ^ 0x8000)
        }
    }

    @Test func encodersTakeAnyValues() throws {
        var values = [Float](repeating: 0, count: 32)
        for odd in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude] {
            values[5] = odd
            values[20] = -odd
            for type in [ElementType.f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0] {
                #expect(try Quantisation.encode(values, type: type).count == type.byteCount(elements: 32))
            }
        }
    }

    @Test func refusals() throws {
        #expect(throws: TensorError.raggedRow(type: .q4_0, columns: 33)) {
            try Quantisation.encode([Float](repeating: 1, count: 33), type: .q4_0)
        }
        #expect(throws: TensorError.typeNotEncodable(.q2_k)) { try Quantisation.encode([], type: .q2_k) }
        #expect(throws: TensorError.byteCount(expected: 18, actual: 17)) {
            try Quantisation.dequantise([UInt8](repeating: 0, count: 17), type: .q4_0, count: 32)
        }
        #expect(throws: TensorError.typeNotComputable(.i32)) {
            try Quantisation.dequantise([0, 0, 0, 0], type: .i32, count: 1)
        }
        #expect(throws: TensorError.byteCount(expected: 36, actual: 35)) {
            try WeightMatrix(rows: 2, columns: 32, type: .q4_0, precision: .integer) { _ in
                [UInt8](repeating: 0, count: 35)
            }
        }
        #expect(throws: TensorError.self) {
            try WeightMatrix(rows: 1 << 40, columns: 32, type: .q4_0, precision: .integer) { _ in [] }
        }
        #expect(throws: TensorError.self) {
            try WeightMatrix(rows: 1 << 32, columns: 1 << 32, type: .f32, precision: .integer) { _ in [] }
        }
        struct Broken: Error {}
        #expect(throws: Broken.self) {
            try WeightMatrix(rows: 2, columns: 32, type: .q4_0, precision: .integer) { _ in throw Broken() }
        }
        #expect(throws: TensorError.self) { try FloatBuffer(count: -1) }
        #expect(throws: TensorError.self) { try FloatBuffer(count: 1 << 50) }
        #expect(throws: TensorError.self) { try ActivationBuffer(rows: 1 << 29, columns: 1 << 29, quantised: true) }
    }

    /// Decoding and encoding in one step, chunk by chunk, gives the bytes of one after the other.
    @Test(arguments: ElementType.computable, ElementType.computable.filter(\.isEncodable))
    func conversion(source: ElementType, target: ElementType) throws {
        var generator = Generator(11)
        // More than one chunk, the last one short.
        let count = 64 * 256 + 512
        let bytes = generator.blocks(source, elements: count)
        let values = try Quantisation.dequantise(bytes, type: source, count: count)
        let expected = try Quantisation.encode(values, type: target)
        #expect(try Quantisation.convert(bytes, from: source, to: target, count: count) == expected)
        let pool = try WorkerPool(threads: 3)
        #expect(try Quantisation.convert(bytes, from: source, to: target, count: count, pool: pool) == expected)
        let back = try Quantisation.dequantise(expected, type: target, count: count)
        let differences = zip(values, back).map { Double($0) - Double($1) }
        let errors = differences.reduce(0) { $0 + $1 * $1 }
        let power = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        for pool in [nil, pool] {
            let found = try Quantisation.squaredErrors(
                of: expected, target, from: bytes, source, count: count, pool: pool)
            #expect(abs(found.error - errors) <= 1e-9 * errors + 1e-30 && abs(found.power - power) <= 1e-9 * power)
        }
    }

    @Test func conversionNamesTheFirstWeightThatDoesNotFit() throws {
        var values = [Float](repeating: 0.5, count: 64 * 256 + 300)
        values[64 * 256 + 7] = .nan
        values[64 * 256 + 9] = -.infinity
        let bytes = try Quantisation.encode(values, type: .f32)
        for pool in [nil, try WorkerPool(threads: 2)] {
            for (place, value) in [(16_391, Float.nan), (16_390, .infinity), (70, 70000)] {
                var bytes = bytes
                for (at, byte) in try Quantisation.encode([value], type: .f32).enumerated() {
                    bytes[4 * place + at] = byte
                }
                let error = #expect(throws: TensorError.self) {
                    try Quantisation.convert(bytes, from: .f32, to: .f16, count: values.count, pool: pool)
                }
                guard case .notRepresentable(place, let found, .f16)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(found == value || (found.isNaN && value.isNaN))
            }
        }
        // bf16 has the range of f32.
        let large = try Quantisation.encode([70000, -3e38], type: .f32)
        #expect(try Quantisation.convert(large, from: .f32, to: .bf16, count: 2).count == 4)
        #expect(throws: TensorError.typeNotEncodable(.iq4_nl)) {
            try Quantisation.convert(large, from: .f32, to: .iq4_nl, count: 2)
        }
        #expect(throws: TensorError.typeNotComputable(.i32)) {
            try Quantisation.convert(large, from: .i32, to: .f32, count: 2)
        }
        #expect(throws: TensorError.byteCount(expected: 12, actual: 8)) {
            try Quantisation.convert(large, from: .f32, to: .f16, count: 3)
        }
        #expect(throws: TensorError.raggedRow(type: .q8_0, columns: 2)) {
            try Quantisation.convert(large, from: .f32, to: .q8_0, count: 2)
        }
        #expect(try Quantisation.convert([], from: .f32, to: .q4_k, count: 0).isEmpty)
    }

    /// A matrix is read in consecutive row ranges of bounded size, each once.
    @Test func readsInOrder() throws {
        let rows = 3000, columns = 4096
        var ranges: [Range<Int>] = []
        let matrix = try WeightMatrix(rows: rows, columns: columns, type: .q8_0, precision: .integer) { range in
            ranges.append(range)
            return [UInt8](repeating: 0, count: range.count * columns / 32 * 34)
        }
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == rows && ranges.count > 2)
        for (a, b) in zip(ranges, ranges.dropFirst()) { #expect(a.upperBound == b.lowerBound) }
        #expect(ranges.allSatisfy { $0.count * columns / 32 * 34 <= 4 << 20 })
        let file = rows * columns / 32 * 34
        #expect(matrix.residentBytes >= file && matrix.residentBytes <= file * 103 / 100)
    }
}
