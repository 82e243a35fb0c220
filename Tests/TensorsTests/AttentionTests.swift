import Tensors
import TestSupport
import Testing

/// Attention over paged keys and values: right, and the same bits for any tiling of rows.
@Suite struct AttentionTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var heads: Int, kvHeads: Int, keyLength: Int, valueLength: Int, window: Int?
        var testDescription: String { "\(heads)/\(kvHeads) × \(keyLength)/\(valueLength), window \(window ?? 0)" }
    }

    static let shapes = [
        Shape(heads: 1, kvHeads: 1, keyLength: 8, valueLength: 8, window: nil),
        Shape(heads: 4, kvHeads: 1, keyLength: 24, valueLength: 24, window: nil),
        Shape(heads: 14, kvHeads: 2, keyLength: 64, valueLength: 64, window: nil),
        Shape(heads: 9, kvHeads: 3, keyLength: 64, valueLength: 48, window: 5),
        Shape(heads: 4, kvHeads: 4, keyLength: 80, valueLength: 128, window: 100),
    ]

    /// Attention of `count` positions, run in pieces of the given lengths (repeated until all are done).
    static func run(
        _ shape: Shape, count: Int, pieces: [Int], threads: Int, set: InstructionSet, scale: Float = 0.3
    ) throws -> [Float] {
        var generator = Generator(7)
        let qWidth = shape.heads * shape.keyLength, kWidth = shape.kvHeads * shape.keyLength
        let vWidth = shape.kvHeads * shape.valueLength, width = shape.heads * shape.valueLength
        let q = generator.values(count * qWidth), k = generator.values(count * kWidth)
        let v = generator.values(count * vWidth)
        let pool = try WorkerPool(threads: threads, instructionSet: set)
        let cache = try KeyValueCache(
            layers: 2, kvHeads: shape.kvHeads, keyLength: shape.keyLength, valueLength: shape.valueLength)
        var result: [Float] = []
        var first = 0, piece = 0
        while first < count {
            let rows = min(pieces[piece % pieces.count], count - first)
            piece += 1
            let queries = try FloatBuffer(Array(q[first * qWidth..<(first + rows) * qWidth]))
            let keys = try FloatBuffer(Array(k[first * kWidth..<(first + rows) * kWidth]))
            let values = try FloatBuffer(Array(v[first * vWidth..<(first + rows) * vWidth]))
            let output = try ActivationBuffer(rows: rows, columns: width, quantised: true)
            try cache.reserve(positions: first + rows)
            let segments = [AttentionSegment(cache: cache, firstPosition: first, rows: 0..<rows)]
            pool.run { worker in
                worker.storeKeysValues(k: keys, v: values, layer: 1, segments: segments)
                worker.attention(
                    q: queries, layer: 1, heads: shape.heads, scale: scale, window: shape.window, segments: segments,
                    into: output)
            }
            result += output.values.array(0..<rows * width)
            first += rows
            #expect(cache.count == first)
        }
        return result
    }

    @Test(arguments: shapes)
    func agreesWithDoublePrecision(shape: Shape) throws {
        let count = 300
        let y = try Self.run(shape, count: count, pieces: [count], threads: 2, set: .current)
        var generator = Generator(7)
        let q = generator.values(count * shape.heads * shape.keyLength)
        let k = generator.values(count * shape.kvHeads * shape.keyLength)
        let v = generator.values(count * shape.kvHeads * shape.valueLength)
        var worst = 0.0
        for row in [0, 1, 15, 16, 17, 255, 256, 299] {
            for head in 0..<shape.heads {
                let group = head / (shape.heads / shape.kvHeads)
                let low = max(0, row - (shape.window ?? count) + 1)
                let scores = (low...row).map { position in
                    (0..<shape.keyLength).reduce(0.0) {
                        $0 + Double(q[(row * shape.heads + head) * shape.keyLength + $1])
                            * Double(k[(position * shape.kvHeads + group) * shape.keyLength + $1])
                    } * 0.3
                }
                let largest = scores.reduce(-Double.infinity, max)
                let weights = scores.map { exponential($0 - largest) }
                let total = weights.reduce(0, +)
                for d in 0..<shape.valueLength {
                    let truth = zip(weights, low...row).reduce(0.0) {
                        $0 + $1.0 / total * Double(v[($1.1 * shape.kvHeads + group) * shape.valueLength + d])
                    }
                    let got = Double(y[(row * shape.heads + head) * shape.valueLength + d])
                    worst = max(worst, abs(got - truth) / (1 + abs(truth)))
                }
            }
        }
        #expect(worst < 2e-5, "\(worst)")
    }

    @Test(arguments: shapes)
    func bitsDoNotDependOnPiecesThreadsOrSet(shape: Shape) throws {
        let count = 280
        let plain = InstructionSet.available[0]
        let whole = try Self.run(shape, count: count, pieces: [count], threads: 1, set: plain)
        for set in InstructionSet.available {
            for (pieces, threads) in [([count], 3), ([1], 2), ([1, 7, 33], 2), ([64], 1), ([255, 2, 1], 3)] {
                let y = try Self.run(shape, count: count, pieces: pieces, threads: threads, set: set)
                #expect(unequal(y, whole) == 0, "\(set) \(pieces) \(threads)")
            }
        }
    }

    /// Scores far apart, all equal, and infinite: no trap, and weights that sum to one where they can.
    @Test func extremeScores() throws {
        let shape = Shape(heads: 2, kvHeads: 1, keyLength: 16, valueLength: 16, window: nil)
        for scale in [Float(0), 1e4, 1e30, -1e4] {
            let y = try Self.run(shape, count: 40, pieces: [40], threads: 1, set: .current, scale: scale)
            #expect(y.count == 40 * 32)
            if abs(scale) < 1e30 { #expect(y.allSatisfy { $0.isFinite && abs($0) < 100 }) }
        }
    }

    @Test func severalSequencesInOneBatch() throws {
        var generator = Generator(9)
        let pool = try WorkerPool(threads: 2)
        let q = try FloatBuffer(generator.values(5 * 64)), k = try FloatBuffer(generator.values(5 * 32))
        let v = try FloatBuffer(generator.values(5 * 32))
        func cache() throws -> KeyValueCache {
            let cache = try KeyValueCache(layers: 1, kvHeads: 1, keyLength: 32, valueLength: 32)
            try cache.reserve(positions: 300)
            return cache
        }
        func attend(_ segments: [AttentionSegment]) throws -> [Float] {
            let y = try ActivationBuffer(rows: 5, columns: 64, quantised: true)
            pool.run { worker in
                worker.storeKeysValues(k: k, v: v, layer: 0, segments: segments)
                worker.attention(q: q, layer: 0, heads: 2, scale: 0.2, window: nil, segments: segments, into: y)
            }
            return y.values.array
        }
        let both = try attend([
            AttentionSegment(cache: cache(), firstPosition: 0, rows: 0..<2),
            AttentionSegment(cache: cache(), firstPosition: 0, rows: 2..<5),
        ])
        let first = try attend([AttentionSegment(cache: cache(), firstPosition: 0, rows: 0..<2)])
        let second = try attend([AttentionSegment(cache: cache(), firstPosition: 0, rows: 2..<5)])
        #expect(unequal(both, first[..<128] + second[128...]) == 0)
    }

    /// Texts of these lengths one behind the other in one cache, each from a multiple of 16.
    private static func bothSides(
        _ lengths: [Int], heads: Int, width: Int, threads: Int, set: InstructionSet, seeds: [UInt64]
    ) throws -> [[Float]] {
        let rows = lengths.reduce(0, +), columns = heads * width
        var q: [Float] = [], k: [Float] = [], v: [Float] = []
        var segments: [AttentionSegment] = []
        let cache = try KeyValueCache(layers: 1, kvHeads: heads, keyLength: width, valueLength: width)
        var row = 0, position = 0
        for (length, seed) in zip(lengths, seeds) {
            var generator = Generator(seed)
            q += generator.values(length * columns)
            k += generator.values(length * columns)
            v += generator.values(length * columns)
            segments.append(AttentionSegment(cache: cache, firstPosition: position, rows: row..<row + length))
            row += length
            position += (length + 15) / 16 * 16
        }
        try cache.reserve(positions: position)
        let queries = try FloatBuffer(q), keys = try FloatBuffer(k), values = try FloatBuffer(v)
        let y = try ActivationBuffer(rows: rows, columns: columns, quantised: true)
        let pool = try WorkerPool(threads: threads, instructionSet: set)
        let parts = segments
        pool.run { worker in
            worker.storeKeysValues(k: keys, v: values, layer: 0, segments: parts)
            worker.attentionToBothSides(q: queries, layer: 0, heads: heads, scale: 0.3, segments: parts, into: y)
        }
        return segments.map { y.values.array($0.rows.lowerBound * columns..<$0.rows.upperBound * columns) }
    }

    @Test(arguments: [(1, 8), (12, 32), (3, 20)])
    func bothSidesAgreeWithDoublePrecision(heads: Int, width: Int) throws {
        for length in [1, 2, 15, 16, 17, 40, 270] {
            let y = try Self.bothSides([length], heads: heads, width: width, threads: 2, set: .current, seeds: [3])[0]
            var generator = Generator(3)
            let n = length * heads * width
            let q = generator.values(n), k = generator.values(n), v = generator.values(n)
            func at(_ row: Int, _ head: Int, _ d: Int) -> Int { (row * heads + head) * width + d }
            var worst = 0.0
            for row in Set([0, length / 2, length - 1]) {
                for head in 0..<heads {
                    let scores = (0..<length).map { other in
                        (0..<width).reduce(0.0) {
                            $0 + Double(q[at(row, head, $1)]) * Double(k[at(other, head, $1)])
                        } * 0.3
                    }
                    let largest = scores.reduce(-Double.infinity, max)
                    let weights = scores.map { exponential($0 - largest) }
                    let total = weights.reduce(0, +)
                    for d in 0..<width {
                        let truth = weights.enumerated().reduce(0.0) {
                            $0 + $1.element / total * Double(v[at($1.offset, head, d)])
                        }
                        worst = max(worst, abs(Double(y[at(row, head, d)]) - truth) / (1 + abs(truth)))
                    }
                }
            }
            #expect(worst < 2e-5, "\(length): \(worst)")
        }
    }

    @Test func bothSidesDoNotDependOnNeighboursThreadsOrSet() throws {
        let lengths = [5, 17, 1, 250, 33], seeds: [UInt64] = [1, 2, 3, 4, 5]
        let alone = try zip(lengths, seeds).map { length, seed in
            try Self.bothSides([length], heads: 3, width: 20, threads: 1, set: .available[0], seeds: [seed])[0]
        }
        for set in InstructionSet.available {
            for threads in 1...3 {
                let together = try Self.bothSides(
                    lengths, heads: 3, width: 20, threads: threads, set: set, seeds: seeds)
                for (one, other) in zip(alone, together) {
                    #expect(unequal(one, other) == 0, "\(set) \(threads) \(one.count)")
                }
            }
        }
    }

    @Test func cacheCopiesAndTruncates() throws {
        let cache = try KeyValueCache(layers: 1, kvHeads: 1, keyLength: 16, valueLength: 16)
        #expect(throws: TensorError.self) { try cache.reserve(positions: 1 << 40) }
        #expect(throws: TensorError.self) {
            try KeyValueCache(layers: 1, kvHeads: 1, keyLength: 1 << 20, valueLength: 16)
        }
        try cache.reserve(positions: 600)
        #expect(cache.capacity == 768 && cache.count == 0 && cache.bytes == 3 * cache.pageBytes)
        var generator = Generator(11)
        let k = try FloatBuffer(generator.values(600 * 16)), v = try FloatBuffer(generator.values(600 * 16))
        let q = try FloatBuffer(generator.values(16))
        let pool = try WorkerPool(threads: 2)
        pool.run { worker in
            worker.storeKeysValues(
                k: k, v: v, layer: 0, segments: [AttentionSegment(cache: cache, firstPosition: 0, rows: 0..<600)])
        }
        #expect(cache.count == 600)
        /// The query at position 511 over what a cache holds.
        func attend(_ cache: KeyValueCache) throws -> [Float] {
            let y = try ActivationBuffer(rows: 1, columns: 16, quantised: false)
            pool.run { worker in
                worker.attention(
                    q: q, layer: 0, heads: 1, scale: 0.2, window: nil,
                    segments: [AttentionSegment(cache: cache, firstPosition: 511, rows: 0..<1)], into: y)
            }
            return y.values.array
        }
        let expected = try attend(cache)
        let copy = try KeyValueCache(layers: 1, kvHeads: 1, keyLength: 16, valueLength: 16)
        try copy.copyPrefix(from: cache, count: 512)
        #expect(copy.count == 512 && copy.capacity == 512)
        #expect(try unequal(attend(copy), expected) == 0)
        #expect(throws: TensorError.self) { try copy.copyPrefix(from: cache, count: 601) }
        cache.truncate(to: 512)
        #expect(cache.count == 512 && cache.capacity == 512)
        #expect(try unequal(attend(cache), expected) == 0)
        cache.truncate(to: 0)
        #expect(cache.bytes == 0)
    }
}

/// e^x in double precision by a plain series after halving: slow, independent of the kernels.
func exponential(_ x: Double) -> Double {
    var halved = x, times = 0
    while abs(halved) > 0.5 && times < 64 {
        halved /= 2
        times += 1
    }
    var sum = 1.0, term = 1.0
    for n in 1...24 {
        term *= halved / Double(n)
        sum += term
    }
    for _ in 0..<times { sum *= sum }
    return sum
}
