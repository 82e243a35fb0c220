import Tensors
import TestSupport
import Testing

/// Products of weights and activations: right, and the same bits everywhere.
@Suite struct ProductTests {
    /// Rows of output for all rows of input.
    static func product(
        _ weights: WeightMatrix, _ x: [Float], threads: Int = 1, set: InstructionSet = .current,
        bias: [Float]? = nil, start: [Float]? = nil, rows chosen: [Int]? = nil
    ) throws -> [Float] {
        let pool = try WorkerPool(threads: threads, instructionSet: set)
        let m = x.count / weights.columns
        let input = try ActivationBuffer(rows: m, columns: weights.columns, quantised: true)
        input.values.store(x, at: 0)
        let outputRows = chosen?.count ?? m
        let output = try FloatBuffer(count: outputRows * weights.rows)
        if let start { output.store(start, at: 0) }
        let projection = Projection(
            weights: weights, bias: try bias.map { try FloatBuffer($0) }, output: output, accumulate: start != nil)
        pool.run { worker in
            worker.quantise(input, rows: m)
            if let chosen {
                worker.project([projection], input, inputRows: chosen)
            } else {
                worker.project([projection], input, rows: m)
            }
        }
        return output.array
    }

    static func matrix(
        _ type: ElementType, rows: Int, columns: Int, precision: Precision = .integer, seed: UInt64 = 1
    ) throws -> WeightMatrix {
        var generator = Generator(seed)
        let bytes = generator.blocks(type, elements: rows * columns)
        return try WeightMatrix(rows: rows, columns: columns, type: type, precision: precision) { range in
            let size = bytes.count / rows
            return Array(bytes[range.lowerBound * size..<range.upperBound * size])
        }
    }

    /// Products in double precision over the exact values.
    static func exact(_ weights: WeightMatrix, _ x: [Float]) throws -> [Double] {
        let columns = weights.columns
        var y: [Double] = []
        let rows = try (0..<weights.rows).map { try weights.row($0) }
        for i in 0..<x.count / columns {
            for row in rows {
                y.append((0..<columns).reduce(0.0) { $0 + Double(row[$1]) * Double(x[i * columns + $1]) })
            }
        }
        return y
    }

    @Test(arguments: ElementType.computable, InstructionSet.available)
    func agreesWithDoublePrecision(type: ElementType, set: InstructionSet) throws {
        let columns = type.blockLength == 1 ? 257 : 768, rows = 37, m = 5
        let weights = try Self.matrix(type, rows: rows, columns: columns)
        var generator = Generator(2)
        let x = generator.values(m * columns)
        let y = try Self.product(weights, x, set: set)
        let truth = try Self.exact(weights, x)
        let error = zip(y, truth).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        let power = truth.reduce(0.0) { $0 + $1 * $1 }
        // Activations as int8 cost about (1/127)^2 / 12 of the power; f32 sums next to nothing.
        #expect(error / power < (type.blockLength == 1 ? 1e-12 : 2e-4))
        if type.blockLength > 1 {
            let precise = try Self.matrix(type, rows: rows, columns: columns, precision: .exact)
            let z = try Self.product(precise, x, set: set)
            let rest = zip(z, truth).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
            #expect(rest / power < 1e-12)
        }
    }

    @Test(arguments: ElementType.computable)
    func bitsDoNotDependOnSetThreadsOrRows(type: ElementType) throws {
        let widths = type.blockLength == 1 ? [1, 7, 31, 33, 65, 257] : [type.blockLength, 3 * type.blockLength]
        for columns in widths {
            for rows in [1, 7, 8, 9, 31, 33, 63, 65, 127] {
                let weights = try Self.matrix(type, rows: rows, columns: columns, seed: UInt64(rows * 1000 + columns))
                var generator = Generator(UInt64(columns))
                let x = generator.values(33 * columns)
                let whole = try Self.product(weights, x, set: InstructionSet.available[0])
                for set in InstructionSet.available {
                    for m in [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33] {
                        let part = Array(x[..<(m * columns)])
                        let y = try Self.product(weights, part, threads: m % 3 + 1, set: set)
                        let differing = unequal(y, whole[..<(m * rows)])
                        #expect(differing == 0, "\(type) \(set) m \(m) rows \(rows) columns \(columns)")
                    }
                    let chosen = try Self.product(weights, x, threads: 2, set: set, rows: [32, 0, 17])
                    let expected = whole[(32 * rows)...] + whole[..<rows] + whole[(17 * rows)..<(18 * rows)]
                    #expect(unequal(chosen, expected) == 0, "\(type) \(set) chosen rows")
                }
            }
        }
    }

    /// All codes at one end, all activations at one end: where narrow integer sums would overflow.
    @Test(arguments: ElementType.computable.filter { $0.blockLength > 1 }, [UInt8(0), 127, 128, 255])
    func extremeCodes(type: ElementType, byte: UInt8) throws {
        let columns = 512, rows = 17
        var generator = Generator(3)
        let size = type.blockBytes
        var bytes = generator.blocks(type, elements: rows * columns)
        let codes: Range<Int> =
            switch type {
            case .q4_0: 2..<18
            case .q4_1: 4..<20
            case .q5_0: 2..<22
            case .q5_1: 4..<24
            case .q8_0: 2..<34
            case .q6_k: 0..<208
            case .q2_k: 0..<80
            case .q3_k: 0..<108
            case .iq4_nl, .iq4_xs: 2..<size
            default: 4..<size
            }
        for start in stride(from: 0, to: bytes.count, by: size) { for at in codes { bytes[start + at] = byte } }
        let weights = try WeightMatrix(rows: rows, columns: columns, type: type, precision: .integer) { range in
            let row = bytes.count / rows
            return Array(bytes[range.lowerBound * row..<range.upperBound * row])
        }
        for pattern in [[Float(1)], [-1], [1, -1], [1, 1, 1, 1, -1, -1, -1, -1]] {
            let x = (0..<9 * columns).map { pattern[$0 % pattern.count] }
            let plain = try Self.product(weights, x, set: InstructionSet.available[0])
            let truth = try Self.exact(weights, x)
            for set in InstructionSet.available {
                let y = try Self.product(weights, x, set: set)
                #expect(unequal(y, plain) == 0, "\(type) \(set) \(pattern)")
            }
            let largest = truth.reduce(1e-3) { max($0, abs($1)) }
            let worst = zip(plain, truth).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(worst <= largest * 1e-5)
        }
    }

    @Test(arguments: InstructionSet.available)
    func biasAndResidual(set: InstructionSet) throws {
        let weights = try Self.matrix(.q4_0, rows: 21, columns: 64)
        var generator = Generator(4)
        let x = generator.values(3 * 64), bias = generator.values(21), start = generator.values(63)
        let plain = try Self.product(weights, x, set: set)
        let withBias = try Self.product(weights, x, set: set, bias: bias)
        let added = try Self.product(weights, x, set: set, bias: bias, start: start)
        for i in 0..<63 {
            #expect(withBias[i] == plain[i] + bias[i % 21])
            #expect(added[i] == start[i] + (plain[i] + bias[i % 21]))
        }
    }

    /// Random types, sizes, threads and values: every set gives the plain set's bits.
    @Test func randomShapes() throws {
        var generator = Generator(10)
        for _ in 0..<(Shared.long ? 3000 : 60) {
            let type = ElementType.computable.randomElement(using: &generator) ?? .f32
            let rows = Int.random(in: 1...200, using: &generator), m = Int.random(in: 1...40, using: &generator)
            let columns = type.blockLength * Int.random(in: 1...(type.blockLength == 1 ? 200 : 5), using: &generator)
            let weights = try Self.matrix(type, rows: rows, columns: columns, seed: generator.next())
            let x = generator.values(m * columns, scale: Float.random(in: 0.001...1000, using: &generator))
            let plain = try Self.product(weights, x, set: InstructionSet.available[0])
            for set in InstructionSet.available.dropFirst() {
                let y = try Self.product(weights, x, threads: Int.random(in: 1...3, using: &generator), set: set)
                #expect(unequal(y, plain) == 0, "\(type) \(set) rows \(rows) columns \(columns) m \(m)")
            }
        }
    }

    /// Any bytes may stand in a file: scales that are not finite, too.
    @Test(arguments: ElementType.computable)
    func anyBytesAreComputedWith(type: ElementType) throws {
        let columns = 512, rows = 16
        for seed in 0..<8 {
            var generator = Generator(UInt64(seed))
            let bytes = (0..<(type.byteCount(elements: rows * columns) ?? 0)).map { _ in
                seed == 0 ? 255 : UInt8.random(in: 0...255, using: &generator)
            }
            let weights = try WeightMatrix(rows: rows, columns: columns, type: type, precision: .integer) { range in
                let row = bytes.count / rows
                return Array(bytes[range.lowerBound * row..<range.upperBound * row])
            }
            var x = generator.values(2 * columns)
            x[3] = .nan
            x[columns + 40] = .infinity
            for set in InstructionSet.available {
                let y = try Self.product(weights, x, set: set)
                #expect(y.count == 2 * rows)
                #expect(y[..<rows].allSatisfy { !$0.isFinite }, "what is not finite must show")
            }
        }
    }
}
