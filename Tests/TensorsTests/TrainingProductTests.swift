import Foundation
import Tensors
import TestSupport
import Testing

/// Sums of products: every element is the one chain of fused multiply-adds that the kernels promise, in every form of
/// the factors, on every instruction set and any number of workers.
struct TrainingProductTests {
    static let sizes = [1, 7, 12, 13, 31, 32, 33, 65, 257, 511, 513]

    /// The chain, one element after the other.
    static func chain(_ left: [Float], _ right: [Float], m: Int, n: Int, start: [Float]) -> [Float] {
        let depth = left.count / m
        var result = start
        for row in 0..<m {
            for column in 0..<n {
                var sum = start[row * n + column]
                for k in 0..<depth { sum.addProduct(left[row * depth + k], right[k * n + column]) }
                result[row * n + column] = sum
            }
        }
        return result
    }

    static func turned(_ values: [Float], rows: Int) -> [Float] {
        let columns = values.count / rows
        return (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
    }

    static func view(_ values: [Float], rows: Int) throws -> MatrixView {
        MatrixView(try FloatBuffer(values), rows: rows, columns: values.count / rows)
    }

    static func packed(_ m: Int, _ depth: Int) throws -> PackedFactor {
        PackedFactor(in: try FloatBuffer(count: PackedFactor.floats(m: m, depth: depth)), m: m, depth: depth)
    }

    /// All products of three sizes of the list are taken in turn, so that each pair of sizes occurs.
    @Test(arguments: sizes)
    func chains(m: Int) throws {
        let pools = try InstructionSet.available.map { set in
            try [1, 2, 3, 7].map { try WorkerPool(threads: $0, instructionSet: set) }
        }
        var generator = Generator(UInt64(m))
        for (place, n) in Self.sizes.enumerated() {
            let k = Self.sizes[(place * 3 + m) % Self.sizes.count]
            let x = generator.values(m * k), w = generator.values(k * n), bias = generator.values(n)
            let more = generator.values(m * 5), extra = generator.values(5 * n), before = generator.values(m * n)
            let twice = Self.chain(
                more, extra, m: m, n: n,
                start: Self.chain(x, w, m: m, n: n, start: (0..<m * n).map { bias[$0 % n] }))
            let added = Self.chain(x, w, m: m, n: n, start: before)
            let forms: [RightFactor] = [
                .values(try Self.view(w, rows: k)), .turned(try Self.view(Self.turned(w, rows: k), rows: n)),
            ]
            for (index, pool) in pools.joined().enumerated() {
                let form = forms[(index + place) % 2], isTurned = index % 3 == 0
                let left = try Self.packed(m, k), second = try Self.packed(m, 5)
                let source = isTurned ? try Self.view(Self.turned(x, rows: m), rows: k) : try Self.view(x, rows: m)
                let y = MatrixView(try FloatBuffer(count: m * n), rows: m, columns: n)
                let z = MatrixView(try FloatBuffer(before), rows: m, columns: n)
                let (moreView, extraView) = (try Self.view(more, rows: m), try Self.view(extra, rows: 5))
                let biasView = try Self.view(bias, rows: 1)
                pool.run { worker in
                    worker.pack(source, turned: isTurned, into: left)
                    worker.pack(moreView, into: second)
                    worker.compute([
                        ProductSum([(left, form), (second, .values(extraView))], into: y, bias: biasView),
                        ProductSum([(left, form)], into: z, accumulate: true),
                    ])
                }
                #expect(unequal(y.buffer.array, twice) == 0, "\(m) × \(n) × \(k), form \(index)")
                #expect(unequal(z.buffer.array, added) == 0, "\(m) × \(n) × \(k), form \(index), added")
            }
        }
    }

    /// Views with gaps: what lies between the rows stays as it is.
    @Test func gapsStay() throws {
        let m = 13, n = 33, k = 40, stride = 50
        var generator = Generator(8)
        let x = generator.values(m * k), w = generator.values(k * n)
        let expected = Self.chain(x, w, m: m, n: n, start: [Float](repeating: 0, count: m * n))
        for set in InstructionSet.available {
            let buffer = try FloatBuffer([Float](repeating: 7, count: 3 + m * stride))
            let wide = try FloatBuffer([Float](repeating: .nan, count: 3 + k * stride))
            for row in 0..<k { wide.store(Array(w[row * n..<(row + 1) * n]), at: 3 + row * stride) }
            let y = MatrixView(buffer, offset: 3, rows: m, columns: n, stride: stride)
            let right = MatrixView(wide, offset: 3, rows: k, columns: n, stride: stride)
            let left = try Self.packed(m, k), source = try Self.view(x, rows: m)
            try WorkerPool(threads: 2, instructionSet: set).run { worker in
                worker.pack(source, into: left)
                worker.compute([ProductSum([(left, .values(right))], into: y)])
            }
            var whole = [Float](repeating: 7, count: 3 + m * stride)
            for row in 0..<m {
                whole.replaceSubrange(3 + row * stride..<3 + row * stride + n, with: expected[row * n..<(row + 1) * n])
            }
            #expect(unequal(buffer.array, whole) == 0, "\(set)")
        }
    }

    /// Weights of every type, as they are, some rows of them, and turned: unpacked to exactly the values that
    /// `WeightMatrix.row` says.
    @Test(arguments: ElementType.computable)
    func weights(type: ElementType) throws {
        let unit = type.blockLength == 1 ? 37 : type.blockLength
        for (rows, blocks) in [(1, 1), (31, 2), (33, 1), (65, 3), (130, 1)] {
            let columns = unit * blocks
            let weights = try ProductTests.matrix(type, rows: rows, columns: columns, seed: UInt64(rows))
            let exact = try (0..<rows).flatMap { try weights.row($0) }
            var generator = Generator(UInt64(columns))
            for m in [1, 13, 26] {
                let dy = generator.values(m * rows), x = generator.values(m * columns)
                let zero = [Float](repeating: 0, count: m * max(rows, columns))
                let back = Self.chain(dy, exact, m: m, n: columns, start: Array(zero[..<(m * columns)]))
                let forth = Self.chain(
                    x, Self.turned(exact, rows: rows), m: m, n: rows, start: Array(zero[..<(m * rows)]))
                let first = rows / 32 * 16, some = first..<rows
                let part = (0..<m).flatMap { dy[$0 * rows + first..<($0 + 1) * rows] }
                let partial = Self.chain(
                    part, Array(exact[(first * columns)...]), m: m, n: columns, start: Array(zero[..<(m * columns)]))
                for (index, set) in InstructionSet.available.enumerated() {
                    let pool = try WorkerPool(threads: index % 3 + 1, instructionSet: set)
                    let left = try Self.packed(m, rows), right = try Self.packed(m, columns)
                    let short = try Self.packed(m, some.count)
                    let views = (try Self.view(dy, rows: m), try Self.view(x, rows: m), try Self.view(part, rows: m))
                    let results = try [columns, rows, columns].map { width in
                        MatrixView(try FloatBuffer(count: m * width), rows: m, columns: width)
                    }
                    pool.run { worker in
                        worker.pack([
                            (views.0, false, left), (views.1, false, right), (views.2, false, short),
                        ])
                        worker.compute([
                            ProductSum([(left, .weights(weights))], into: results[0]),
                            ProductSum([(right, .weightsTurned(weights))], into: results[1]),
                            ProductSum([(short, .weightRows(weights, some))], into: results[2]),
                        ])
                    }
                    for (result, expected) in zip(results, [back, forth, partial]) {
                        #expect(
                            unequal(result.buffer.array, expected) == 0, "\(type) \(set) \(rows) × \(columns), \(m)")
                    }
                }
            }
        }
    }

    /// Row kernels: the same bits on every set, and what a plain loop in double precision says.
    @Test(arguments: [1, 7, 16, 33, 257])
    func rowKernels(n: Int) throws {
        var generator = Generator(UInt64(n))
        // More than the 32 rows whose sums for the weight are one piece.
        let rows = 70, gate = generator.values(rows * n), up = generator.values(rows * n)
        let dy = generator.values(rows * n), weight = generator.values(n)
        var first: [[Float]] = []
        for (index, set) in InstructionSet.available.enumerated() {
            let pool = try WorkerPool(threads: index % 3 + 1, instructionSet: set)
            let g = try FloatBuffer(gate), u = try FloatBuffer(up), d = try FloatBuffer(dy)
            let x = try FloatBuffer(gate), w = try Self.view(weight, rows: 1)
            let dx = try FloatBuffer(count: rows * n), dw = try FloatBuffer(count: n)
            let dwView = MatrixView(dw, rows: 1, columns: n)
            let logits = try Self.view(up, rows: rows), values = try FloatBuffer(count: rows)
            let targets = (0..<rows).map { LabelTarget(row: $0, label: ($0 * 3) % n, weight: 0.25) }
            pool.run { worker in
                worker.swigluBackward(gate: g, up: u, dy: d, count: rows * n)
                worker.rmsNormBackward(
                    x, weight: w, epsilon: 1e-5, rows: rows, columns: n, dy: d, dx: dx, dweight: dwView)
                worker.crossEntropy(logits, targets: targets[...], logProbabilities: values, at: 0, turns: true)
            }
            let found = [g.array, u.array, dx.array, dw.array, logits.buffer.array, values.array]
            if index == 0 { first = found }
            for (one, other) in zip(found, first) { #expect(unequal(one, other) == 0, "\(set)") }
        }
        for at in 0..<rows * n {
            let a = Double(gate[at]), s = 1 / (1 + exp(-a)), d = Double(dy[at])
            #expect(
                abs(Double(first[0][at]) - d * Double(up[at]) * s * (1 + a * (1 - s))) < 1e-5 * (1 + abs(d * a)) * 8)
            #expect(abs(Double(first[1][at]) - d * a * s) < 1e-5 * (1 + abs(d * a)))
        }
        for row in 0..<rows {
            let own = up[row * n..<(row + 1) * n].map(Double.init), top = own.max() ?? 0
            let sum = own.reduce(0) { $0 + exp($1 - top) }
            #expect(abs(Double(first[5][row]) - (own[row * 3 % n] - top - log(sum))) < 1e-5 * (1 + abs(top)))
            let gradients = first[4][row * n..<(row + 1) * n]
            #expect(abs(gradients.reduce(0) { $0 + Double($1) }) < 1e-5, "a softmax's gradient sums to zero")
        }
    }
}
