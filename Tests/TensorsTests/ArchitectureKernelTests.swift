import Foundation
import Tensors
import TestSupport
import Testing

/// Operations that only some architectures have: GeGLU, bounded scores and logits, rows of experts. Right to f32
/// rounding, and the same bits in all sets.
@Suite struct ArchitectureKernelTests {
    @Test(arguments: RowKernelTests.widths)
    func geglu(width: Int) throws {
        var generator = Generator(UInt64(width))
        var g = generator.values(2 * width, scale: 3)
        let u = generator.values(2 * width)
        let special: [Float] = [0, -0.0, 1e-6, 20, -20, 1e30, -1e30, -5, 5, -0.75, 1e-30]
        for (i, value) in special.enumerated() where i < g.count { g[i] = value }
        let gate = try FloatBuffer(g), up = try FloatBuffer(u)
        let y = try ActivationBuffer(rows: 2, columns: width, quantised: true)
        let got = try RowKernelTests.same { worker in
            worker.geglu(gate: gate, up: up, rows: 2, into: y)
            return y.values
        }
        for i in 0..<2 * width {
            let x = Double(g[i]), inner = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
            // 1 + tanh u = 2 / (1 + e^(-2u))
            let truth = x / (1 + exp(-2 * inner)) * Double(u[i])
            #expect(abs(Double(got[i]) - truth) <= 1e-7 + abs(truth) * 2e-6, "\(x): \(got[i]), \(truth)")
        }
    }

    @Test(arguments: RowKernelTests.widths + [4095, 4096, 9001], [Float(6), 50])
    func softCap(width: Int, cap: Float) throws {
        var generator = Generator(UInt64(width))
        var values = generator.values(width, scale: cap)
        let special: [Float] = [
            0, -0.0, 1e-7, -1e-7, cap / 4, -cap / 4, cap * 0.2499, 1e30, -1e30, .infinity, cap, -cap,
        ]
        for (i, value) in special.enumerated() where i < values.count { values[i] = value }
        let x = values
        let buffer = try FloatBuffer(count: width + 1)
        let got = try RowKernelTests.same { worker in
            if worker.index == 0 { buffer.store(x + [123], at: 0) }
            worker.barrier()
            worker.softCap(buffer, cap: cap, count: width)
            return buffer
        }
        #expect(got[width] == 123)
        for (value, result) in zip(x, got) {
            let truth = Double(cap) * tanh(Double(value) / Double(cap))
            #expect(abs(Double(result) - truth) <= abs(truth) * 1e-6, "\(value): \(result), \(truth)")
            #expect(abs(result) <= cap)
        }
        let bad = try FloatBuffer([Float.nan, 1])
        let pool = try WorkerPool(threads: 1)
        pool.run { $0.softCap(bad, cap: cap, count: 2) }
        #expect(bad[0].isNaN && bad[1].isFinite)
    }

    @Test(arguments: [1, 3, 16, 33])
    func rowsOfExperts(width: Int) throws {
        var generator = Generator(UInt64(width))
        let x = generator.values(9 * width), y = generator.values(6 * width)
        let rows = [7, 0, 3], weights: [Float] = [0.5, -2, 0.125], into = [4, 5, 1]
        let source = try FloatBuffer(x), sums = try FloatBuffer(count: y.count)
        let gathered = try ActivationBuffer(rows: 4, columns: width, quantised: true)
        let some = try RowKernelTests.same { worker in
            worker.gather(source, rows: rows, into: gathered)
            return gathered.values
        }
        for (place, row) in rows.enumerated() {
            #expect(Array(some[place * width..<(place + 1) * width]) == Array(x[row * width..<(row + 1) * width]))
        }
        let got = try RowKernelTests.same { worker in
            if worker.index == 0 { sums.store(y, at: 0) }
            worker.barrier()
            worker.addWeighted(gathered.values, weights: weights, to: sums, rows: into, columns: width)
            return sums
        }
        var truth = y
        for (place, row) in into.enumerated() {
            for column in 0..<width {
                let product = x[rows[place] * width + column]
                truth[row * width + column] = truth[row * width + column].addingProduct(weights[place], product)
            }
        }
        #expect(got == truth)
        let scaled = try RowKernelTests.same { worker in
            if worker.index == 0 { sums.store(y, at: 0) }
            worker.barrier()
            worker.scale(sums, by: 3, count: y.count - 1)
            return sums
        }
        #expect(scaled == y.dropLast().map { $0 * 3 } + [y[y.count - 1]])
    }

    @Test(arguments: [1, 5, 16, 60, 128])
    func softmaxOfRows(columns: Int) throws {
        var generator = Generator(UInt64(columns))
        let x = generator.values(4 * columns, scale: 5)
        let buffer = try FloatBuffer(count: x.count)
        let got = try RowKernelTests.same { worker in
            if worker.index == 0 { buffer.store(x, at: 0) }
            worker.barrier()
            worker.softmaxRows(buffer, rows: 4, columns: columns)
            return buffer
        }
        for row in 0..<4 {
            let part = x[row * columns..<(row + 1) * columns].map { exp(Double($0)) }
            let sum = part.reduce(0, +)
            for (i, value) in part.enumerated() {
                #expect(abs(Double(got[row * columns + i]) - value / sum) < 1e-6)
            }
        }
    }

    /// Attention with bounded scores, alone and windowed, cut in pieces, on every set.
    @Test(arguments: [nil, 5, 300] as [Int?], [Float(2), 30])
    func boundedScores(window: Int?, cap: Float) throws {
        let (count, heads, length, scale) = (300, 2, 24, Float(0.9))
        var generator = Generator(3)
        let q = generator.values(count * heads * length), k = generator.values(count * length)
        let v = generator.values(count * length)
        var first: [Float]?
        for set in InstructionSet.available {
            for size in [300, 7] {
                let pool = try WorkerPool(threads: 2, instructionSet: set)
                let cache = try KeyValueCache(layers: 1, kvHeads: 1, keyLength: length, valueLength: length)
                var result: [Float] = []
                for start in stride(from: 0, to: count, by: size) {
                    let rows = min(size, count - start)
                    let queries = try FloatBuffer(Array(q[start * heads * length..<(start + rows) * heads * length]))
                    let keys = try FloatBuffer(Array(k[start * length..<(start + rows) * length]))
                    let values = try FloatBuffer(Array(v[start * length..<(start + rows) * length]))
                    let output = try ActivationBuffer(rows: rows, columns: heads * length, quantised: false)
                    try cache.reserve(positions: start + rows)
                    let segments = [AttentionSegment(cache: cache, firstPosition: start, rows: 0..<rows)]
                    pool.run { worker in
                        worker.storeKeysValues(k: keys, v: values, layer: 0, segments: segments)
                        worker.attention(
                            q: queries, layer: 0, heads: heads, scale: scale, softCap: cap, window: window,
                            segments: segments, into: output)
                    }
                    result += output.values.array(0..<rows * heads * length)
                }
                if let first { #expect(unequal(result, first) == 0, "\(set), pieces of \(size)") }
                first = first ?? result
            }
        }
        let got = try #require(first)
        for row in [0, 1, 17, 255, 299] {
            let low = max(0, row - (window ?? count) + 1)
            let scores = (low...row).map { position in
                let product = (0..<length).reduce(0.0) {
                    $0 + Double(q[row * heads * length + $1]) * Double(k[position * length + $1])
                }
                return Double(cap) * tanh(product * Double(scale) / Double(cap))
            }
            let weights = scores.map { exp($0) }
            let sum = weights.reduce(0, +)
            for d in 0..<length {
                let truth = zip(weights, low...row).reduce(0.0) { $0 + $1.0 / sum * Double(v[$1.1 * length + d]) }
                #expect(abs(Double(got[row * heads * length + d]) - truth) < 2e-5 * (1 + abs(truth)))
            }
        }
    }
}
