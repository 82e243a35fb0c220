import Tensors
import TestSupport
import Testing

/// What one phase does for several: turning and storing together, and codes made by the tiles of attention.
struct FusedAttentionTests {
    struct Shape: Sendable {
        var heads: Int, kvHeads: Int, keyLength: Int, valueLength: Int
        var window: Int?
    }

    /// Tiles that end at blocks of 32 columns and such that do not, several queries a head of keys, windows.
    static let shapes = [
        Shape(heads: 1, kvHeads: 1, keyLength: 32, valueLength: 32),
        Shape(heads: 4, kvHeads: 1, keyLength: 24, valueLength: 24),
        Shape(heads: 8, kvHeads: 2, keyLength: 16, valueLength: 16),
        Shape(heads: 14, kvHeads: 2, keyLength: 64, valueLength: 64),
        Shape(heads: 6, kvHeads: 3, keyLength: 80, valueLength: 48, window: 17),
        Shape(heads: 16, kvHeads: 1, keyLength: 10, valueLength: 10),
    ]

    /// Positions that each sequence has seen, and new ones.
    static let batches: [[(before: Int, new: Int)]] = [
        [(0, 1)], [(0, 5), (3, 1), (17, 16)], [(250, 20), (600, 3)], [(0, 0), (5, 3)],
    ]

    struct Result: Equatable {
        var queries: [UInt32], attended: [UInt32], projected: [UInt32]
    }

    private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

    private func run(
        _ shape: Shape, _ batch: [(before: Int, new: Int)], fused: Bool, threads: Int, set: InstructionSet,
        element: KeyValueCache.Element
    ) throws -> (made: Result, again: Result) {
        var generator = Generator(UInt64(shape.heads * 100 + batch.count))
        let rows = batch.reduce(0) { $0 + $1.new }, width = shape.heads * shape.valueLength, outputs = 24
        let bytes = generator.blocks(.q8_0, elements: outputs * ((width + 31) / 32 * 32))
        let rowBytes = bytes.count / outputs
        let weights =
            width % 32 == 0
            ? try WeightMatrix(rows: outputs, columns: width, type: .q8_0, precision: .integer) {
                Array(bytes[$0.lowerBound * rowBytes..<$0.upperBound * rowBytes])
            } : nil
        let keys = shape.kvHeads * shape.keyLength, values = shape.kvHeads * shape.valueLength
        let q = try FloatBuffer(generator.values(rows * shape.heads * shape.keyLength))
        let k = try FloatBuffer(generator.values(rows * keys)), v = try FloatBuffer(generator.values(rows * values))
        let pool = try WorkerPool(threads: threads, instructionSet: set)
        let frequencies = (0..<shape.keyLength / 4).map { 1 / Double($0 + 1) }
        let table = RopeTable(inverseFrequencies: frequencies, attentionFactor: 1.25, pairing: .halves)
        var segments: [AttentionSegment] = []
        for item in batch {
            let cache = try KeyValueCache(
                layers: 2, kvHeads: shape.kvHeads, keyLength: shape.keyLength, valueLength: shape.valueLength,
                element: element)
            try cache.reserve(positions: item.before + item.new)
            if item.before > 0 {
                let old = try FloatBuffer(generator.values(item.before * keys))
                let oldValues = try FloatBuffer(generator.values(item.before * values))
                let segment = AttentionSegment(cache: cache, firstPosition: 0, rows: 0..<item.before)
                pool.run { $0.storeKeysValues(k: old, v: oldValues, layer: 1, segments: [segment]) }
            }
            let first = segments.last?.rows.upperBound ?? 0
            segments.append(
                AttentionSegment(cache: cache, firstPosition: item.before, rows: first..<first + item.new))
        }
        let parts = segments, positions = batch.flatMap { Array($0.before..<$0.before + $0.new) }
        // Codes of another number of rows stand there before.
        let y = try ActivationBuffer(rows: rows + 5, columns: width, quantised: true)
        let output = try FloatBuffer(count: rows * outputs), again = try FloatBuffer(count: rows * outputs)
        pool.run { worker in
            worker.quantise(y, rows: rows + 5)
            if fused {
                worker.rotateAndStore(
                    q: q, k: k, v: v, heads: shape.heads, table: table, layer: 1, segments: parts)
            } else {
                worker.rope(
                    q, heads: shape.heads, headLength: shape.keyLength, positions: positions, table: table)
                worker.rope(
                    k, heads: shape.kvHeads, headLength: shape.keyLength, positions: positions, table: table)
                worker.storeKeysValues(k: k, v: v, layer: 1, segments: parts)
            }
            worker.attention(
                q: q, layer: 1, heads: shape.heads, scale: 0.3, window: shape.window, segments: parts, into: y)
            guard let weights else { return }
            worker.project([Projection(weights: weights, output: output)], y, rows: rows)
            worker.quantise(y, rows: rows)
            worker.project([Projection(weights: weights, output: again)], y, rows: rows)
        }
        for (segment, item) in zip(parts, batch) { #expect(segment.cache.count == item.before + item.new) }
        let attended = bits(y.values.array(0..<rows * width)), queries = bits(q.array)
        return (
            Result(queries: queries, attended: attended, projected: bits(output.array)),
            Result(queries: queries, attended: attended, projected: bits(again.array))
        )
    }

    @Test(arguments: shapes.indices)
    func bitsAreThoseOfPhasesOfTheirOwn(_ index: Int) throws {
        let shape = Self.shapes[index]
        for batch in Self.batches {
            for element in [KeyValueCache.Element.f32, .f16] {
                let expected = try run(
                    shape, batch, fused: false, threads: 1, set: InstructionSet.available[0], element: element)
                #expect(expected.made == expected.again, "\(shape) \(batch)")
                for set in InstructionSet.available {
                    for threads in [1, 2, 3] {
                        let got = try run(
                            shape, batch, fused: true, threads: threads, set: set, element: element)
                        #expect(got.made == expected.made, "\(shape) \(batch) \(set) \(threads)")
                        #expect(got.made == got.again, "\(shape) \(batch) \(set) \(threads)")
                    }
                }
            }
        }
    }

    /// Rows that follow each other are taken together, others one by one: the same bits.
    @Test func chosenRowsGiveTheBitsOfAllRows() throws {
        var generator = Generator(7)
        let columns = 96, outputs = 40, rows = 19
        let bytes = generator.blocks(.q4_0, elements: outputs * columns), rowBytes = bytes.count / outputs
        let weights = try WeightMatrix(rows: outputs, columns: columns, type: .q4_0, precision: .integer) {
            Array(bytes[$0.lowerBound * rowBytes..<$0.upperBound * rowBytes])
        }
        let input = try ActivationBuffer(rows: rows, columns: columns, quantised: true)
        input.values.store(generator.values(rows * columns), at: 0)
        let all = try FloatBuffer(count: rows * outputs)
        let chosen = [0, 1, 2, 5, 4, 3, 3, 17, 18], some = try FloatBuffer(count: chosen.count * outputs)
        try WorkerPool(threads: 2).run { worker in
            worker.quantise(input, rows: rows)
            worker.project([Projection(weights: weights, output: all)], input, rows: rows)
            worker.project([Projection(weights: weights, output: some)], input, inputRows: chosen)
        }
        for (place, row) in chosen.enumerated() {
            let expected = bits(all.array(row * outputs..<(row + 1) * outputs))
            #expect(bits(some.array(place * outputs..<(place + 1) * outputs)) == expected, "row \(row)")
        }
    }
}
