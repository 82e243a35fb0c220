import Tensors
import TestSupport
import Testing

/// Caches of halves and of 8-bit codes: exactly the rounded values, and the same bits whoever computes them.
@Suite struct KeyValueElementTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var group: Int, kvHeads: Int, width: Int, valueWidth: Int, window: Int?
        var testDescription: String { "\(group)·\(kvHeads) × \(width)/\(valueWidth), window \(window ?? 0)" }
    }

    /// Groups of 1 to 8 and more queries, widths that divide blocks of 32 and that do not, windows within and across
    /// spans.
    static let shapes = [
        Shape(group: 1, kvHeads: 3, width: 64, valueWidth: 64, window: nil),
        Shape(group: 2, kvHeads: 1, width: 80, valueWidth: 80, window: 300),
        Shape(group: 3, kvHeads: 2, width: 96, valueWidth: 96, window: 5),
        Shape(group: 4, kvHeads: 2, width: 128, valueWidth: 128, window: nil),
        Shape(group: 5, kvHeads: 1, width: 24, valueWidth: 40, window: nil),
        Shape(group: 6, kvHeads: 1, width: 33, valueWidth: 7, window: 256),
        Shape(group: 7, kvHeads: 2, width: 64, valueWidth: 64, window: nil),
        Shape(group: 8, kvHeads: 1, width: 1, valueWidth: 1, window: 257),
        Shape(group: 19, kvHeads: 1, width: 16, valueWidth: 16, window: nil),
    ]
    static let depth = 1021

    /// Independent of the kernels: 32 values of a row as codes and a half, and back.
    static func rounded(_ row: [Float], _ element: KeyValueCache.Element) -> [Float] {
        switch element {
        case .f32: row
        case .f16: row.map { Float(Float16($0)) }
        case .q8_0:
            stride(from: 0, to: row.count, by: 32).flatMap { start in
                let block = row[start..<min(start + 32, row.count)]
                let scale = Float(Float16((block.map { abs($0) }.max() ?? 0) / 127))
                return block.map { value -> Float in
                    guard scale > 0 else { return 0 }
                    let code = Int(max(-127, min(127, (value * (1 / scale)).rounded(.toNearestOrEven))))
                    return Float(code) * scale
                }
            }
        }
    }

    /// Walsh-Hadamard transform in blocks of the largest power of two in the width: by the definition of its signs, in
    /// the order of a butterfly.
    static func turned(_ row: [Float]) -> [Float] {
        let width = row.count & -row.count
        var row = row
        var half = 1
        while half < width {
            row = row.indices.map { $0 & half == 0 ? row[$0] + row[$0 + half] : row[$0 - half] - row[$0] }
            half *= 2
        }
        return row
    }

    /// Keys and values of a shape, each head of each position rounded as `element` would do it.
    struct Stored {
        var keys: [Float], values: [Float]

        init(_ shape: Shape, count: Int, rounded element: KeyValueCache.Element = .f32) {
            var generator = Generator(5)
            func rows(_ width: Int, _ change: ([Float]) -> [Float]) -> [Float] {
                (0..<count * shape.kvHeads).flatMap { _ in change(generator.values(width)) }
            }
            let divisor = Float(shape.width & -shape.width)
            keys = rows(shape.width) { row in
                rounded(element == .q8_0 ? turned(row).map { $0 / divisor } : row, element)
            }
            values = rows(shape.valueWidth) { rounded($0, element) }
        }
    }

    static func cache(
        _ shape: Shape, _ stored: Stored, count: Int, element: KeyValueCache.Element, set: InstructionSet
    ) throws -> KeyValueCache {
        let pool = try WorkerPool(threads: 2, instructionSet: set)
        let cache = try KeyValueCache(
            layers: 2, kvHeads: shape.kvHeads, keyLength: shape.width, valueLength: shape.valueWidth, element: element)
        try cache.reserve(positions: count)
        let keys = try FloatBuffer(stored.keys), values = try FloatBuffer(stored.values)
        let segments = [AttentionSegment(cache: cache, firstPosition: 0, rows: 0..<count)]
        pool.run { $0.storeKeysValues(k: keys, v: values, layer: 1, segments: segments) }
        return cache
    }

    /// What the last `rows` positions see, computed in pieces of these lengths.
    static func attend(
        _ shape: Shape, _ cache: KeyValueCache, rows: Int, pieces: [Int], threads: Int, set: InstructionSet,
        turning: Bool = false
    ) throws -> [Float] {
        let heads = shape.group * shape.kvHeads
        var generator = Generator(6)
        let queries = (0..<rows).map { _ in
            (0..<heads).flatMap { _ in
                let row = generator.values(shape.width)
                return turning ? turned(row) : row
            }
        }
        let pool = try WorkerPool(threads: threads, instructionSet: set)
        var result: [Float] = [], row = 0
        for piece in pieces {
            let q = try FloatBuffer(queries[row..<row + piece].flatMap(\.self))
            let y = try ActivationBuffer(rows: piece, columns: heads * shape.valueWidth, quantised: true)
            let segment = AttentionSegment(cache: cache, firstPosition: cache.count - rows + row, rows: 0..<piece)
            pool.run {
                $0.attention(
                    q: q, layer: 1, heads: heads, scale: 0.2, window: shape.window, segments: [segment], into: y)
            }
            result += y.values.array(0..<piece * heads * shape.valueWidth)
            row += piece
        }
        return result
    }

    @Test(arguments: shapes, KeyValueCache.Element.allCases)
    func bitsDoNotDependOnPiecesThreadsOrSet(shape: Shape, element: KeyValueCache.Element) throws {
        let plain = InstructionSet.available[0]
        let stored = Stored(shape, count: Self.depth)
        let twin = try Self.cache(shape, stored, count: Self.depth, element: element, set: plain)
        let expected = try Self.attend(shape, twin, rows: 7, pieces: [7], threads: 1, set: plain)
        #expect(expected.allSatisfy { $0.isFinite })
        for set in InstructionSet.available {
            let cache = try Self.cache(shape, stored, count: Self.depth, element: element, set: set)
            for (pieces, threads) in [([7], 2), ([1, 1, 1, 1, 1, 1, 1], 1), ([1, 2, 4], 3), ([6, 1], 7)] {
                let y = try Self.attend(shape, cache, rows: 7, pieces: pieces, threads: threads, set: set)
                #expect(unequal(y, expected) == 0, "\(set) \(pieces) \(threads)")
            }
        }
    }

    /// A cache of another type is, bit for bit, a cache of f32 that holds the rounded values; keys of 8-bit codes are
    /// turned before, and queries with them.
    @Test(arguments: shapes, [KeyValueCache.Element.f16, .q8_0])
    func holdsTheRoundedValues(shape: Shape, element: KeyValueCache.Element) throws {
        let exact = Stored(shape, count: 300), rounded = Stored(shape, count: 300, rounded: element)
        let f32 = try Self.cache(shape, rounded, count: 300, element: .f32, set: .current)
        let other = try Self.cache(shape, exact, count: 300, element: element, set: .current)
        let rows = 60, pieces = [40, 1, 19]
        let expected = try Self.attend(
            shape, f32, rows: rows, pieces: pieces, threads: 2, set: .current, turning: element == .q8_0)
        let y = try Self.attend(shape, other, rows: rows, pieces: pieces, threads: 2, set: .current)
        #expect(unequal(y, expected) == 0)
    }

    /// With a window of one position the output is that position's values as they were kept.
    private func kept(
        _ values: [Float], _ element: KeyValueCache.Element, _ set: InstructionSet
    ) throws -> [Float] {
        let shape = Shape(group: 1, kvHeads: 1, width: 1, valueWidth: values.count, window: 1)
        var stored = Stored(shape, count: 1)
        stored.values = values
        let cache = try Self.cache(shape, stored, count: 1, element: element, set: set)
        return try Self.attend(shape, cache, rows: 1, pieces: [1], threads: 1, set: set)
    }

    @Test func halvesRoundToNearestEven() throws {
        let edges: [Float] = [
            0, -0, 1, -1, 65504, 65519.996, 65520, 1e30, -1e30, 6e-8, 3e-8, 2.9802322e-8, 2.9802326e-8, 6.1e-5,
            1.00048828125, 1.00146484375, .leastNonzeroMagnitude,
            .infinity, -.infinity,
        ]
        var generator = Generator(1)
        let values =
            edges
            + (0..<109).map { _ in Float(bitPattern: UInt32.random(in: 0...0x7F7F_FFFF, using: &generator)) }
        for set in InstructionSet.available {
            let got = try kept(values, .f16, set)
            // The output of one position is its value times 1; a zero loses its sign there.
            for (value, kept) in zip(values, got) { #expect(kept == Float(Float16(value)), "\(set) \(value)") }
            let nan = try kept([.nan], .f16, set)
            #expect(nan[0].isNaN)
        }
    }

    @Test func codesOfEightBits() throws {
        for set in InstructionSet.available {
            let zeros = [Float](repeating: 0, count: 40)
            let none = try kept(zeros, .q8_0, set)
            #expect(none == zeros)
            // What is not finite, or beyond a half's range, is seen in all of its block and nowhere else.
            for bad in [Float.nan, .infinity, -.infinity, 1e30] {
                var values = [Float](repeating: 1, count: 70)
                values[33] = bad
                let got = try kept(values, .q8_0, set)
                #expect(got[32..<64].allSatisfy { $0.isNaN }, "\(set) \(bad)")
                #expect((got[..<32] + got[64...]).allSatisfy { abs($0 - 1) < 0.001 }, "\(set) \(bad)")
            }
            var generator = Generator(2)
            for width in [1, 7, 31, 32, 33, 64, 80, 511, 512] {
                let values = generator.values(width, scale: 3)
                let got = try kept(values, .q8_0, set)
                #expect(unequal(got, Self.rounded(values, .q8_0)) == 0, "\(set) \(width)")
            }
        }
    }

    /// A large dimension of the keys must not cost the small ones: without turning the error is about 0.005.
    @Test func largeDimensionsOfKeysCostTheOthersLittle() throws {
        let shape = Shape(group: 2, kvHeads: 1, width: 64, valueWidth: 64, window: nil)
        var stored = Stored(shape, count: 200)
        for position in 0..<200 { stored.keys[position * 64 + 5] += 100 }
        func output(_ element: KeyValueCache.Element) throws -> [Float] {
            let cache = try Self.cache(shape, stored, count: 200, element: element, set: .current)
            return try Self.attend(shape, cache, rows: 20, pieces: [20], threads: 2, set: .current)
        }
        let exact = try output(.f32), codes = try output(.q8_0)
        let error = zip(exact, codes).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let norm = exact.reduce(0.0) { $0 + Double($1 * $1) }
        #expect(error / norm < 0.002, "\(error / norm)")
    }

    @Test func memoryIsAsStated() throws {
        func cache(_ element: KeyValueCache.Element, width: Int = 64) throws -> KeyValueCache {
            try KeyValueCache(layers: 24, kvHeads: 2, keyLength: width, valueLength: width, element: element)
        }
        let values = 24 * 2 * 2 * 64
        #expect(try cache(.f32).bytes(positions: 256) == 256 * values * 4)
        #expect(try cache(.f16).bytes(positions: 257) == 512 * values * 2)
        #expect(try cache(.q8_0).bytes(positions: 1) == 256 * (values + values / 32 * 2))
        let f16 = try cache(.f16), q8 = try cache(.q8_0)
        try f16.reserve(positions: 300)
        #expect(f16.bytes == f16.bytes(positions: 300))
        #expect(throws: TensorError.self) { try q8.copyPrefix(from: f16, count: 0) }
    }
}
