import Foundation
import Tensors
import TestSupport
import Testing

/// Norms, activations, rotary embedding: right to f32 rounding, and the same bits in all sets.
@Suite struct RowKernelTests {
    static let widths = [1, 7, 8, 15, 16, 17, 31, 32, 33, 65, 127, 257, 2880]

    /// Runs the body on one worker of each set and expects equal bits; returns them.
    static func same(_ body: @escaping @Sendable (Worker) -> FloatBuffer?) throws -> [Float] {
        var first: [Float]?
        for set in InstructionSet.available {
            for threads in 1...3 {
                let pool = try WorkerPool(threads: threads, instructionSet: set)
                let box = Box()
                pool.run { worker in
                    let buffer = body(worker)
                    if worker.index == 0 { box.values = buffer?.array ?? [] }
                }
                if let first { #expect(unequal(box.values, first) == 0, "\(set) \(threads)") }
                first = first ?? box.values
            }
        }
        return first ?? []
    }

    final class Box: @unchecked Sendable { var values: [Float] = [] }

    @Test(arguments: widths)
    func rmsNorm(width: Int) throws {
        var generator = Generator(UInt64(width))
        let rows = 3, x = generator.values(rows * width), weight = generator.values(width)
        let source = try FloatBuffer(x), scale = try FloatBuffer(weight)
        let y = try ActivationBuffer(rows: rows, columns: width, quantised: true)
        let got = try Self.same { worker in
            worker.rmsNorm(source, weight: scale, epsilon: 1e-5, rows: rows, into: y)
            return y.values
        }
        let inPlace = try Self.same { worker in
            if worker.index == 0 { y.values.store(x, at: 0) }
            worker.barrier()
            worker.rmsNormInPlace(y.values, weight: scale, epsilon: 1e-5, rows: rows, columns: width)
            return y.values
        }
        #expect(unequal(inPlace, got) == 0)
        var worst = 0.0
        for row in 0..<rows {
            let part = x[row * width..<(row + 1) * width]
            let mean = part.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(width)
            for (i, value) in part.enumerated() {
                let truth = Double(value) / (mean + 1e-5).squareRoot() * Double(weight[i])
                worst = max(worst, abs(Double(got[row * width + i]) - truth) / (1e-3 + abs(truth)))
            }
        }
        #expect(worst <= 1e-6)
    }

    @Test(arguments: widths)
    func swiglu(width: Int) throws {
        var generator = Generator(UInt64(width))
        var g = generator.values(2 * width, scale: 8)
        let u = generator.values(2 * width)
        for (i, value) in [Float(-200), 200, -88, -104, 0].enumerated() where i < g.count { g[i] = value }
        let gate = try FloatBuffer(g), up = try FloatBuffer(u)
        let y = try ActivationBuffer(rows: 2, columns: width, quantised: true)
        let got = try Self.same { worker in
            worker.swiglu(gate: gate, up: up, rows: 2, into: y)
            return y.values
        }
        var worst = 0.0
        for i in 0..<2 * width {
            let truth = Double(g[i]) / (1 + exponential(-Double(g[i]))) * Double(u[i])
            worst = max(worst, abs(Double(got[i]) - truth) / (abs(truth) + 1e-30))
        }
        #expect(worst <= 1e-6)
    }

    @Test(arguments: widths)
    func layerNorm(width: Int) throws {
        var generator = Generator(UInt64(width))
        let rows = 3, weight = generator.values(width), bias = generator.values(width)
        // Far from zero in the last row, where a variance from squares alone would cancel.
        let x = generator.values(rows * width).enumerated().map { $1 + ($0 / width == 2 ? 1000 : 0) }
        let source = try FloatBuffer(x), scale = try FloatBuffer(weight), shift = try FloatBuffer(bias)
        let y = try ActivationBuffer(rows: rows, columns: width, quantised: true)
        let got = try Self.same { worker in
            worker.layerNorm(source, weight: scale, bias: shift, epsilon: 1e-3, rows: rows, into: y)
            return y.values
        }
        let inPlace = try Self.same { worker in
            if worker.index == 0 { y.values.store(x, at: 0) }
            worker.barrier()
            worker.layerNorm(y.values, weight: scale, bias: shift, epsilon: 1e-3, rows: rows, into: y)
            return y.values
        }
        #expect(unequal(inPlace, got) == 0)
        for row in 0..<rows {
            let part = x[row * width..<(row + 1) * width].map(Double.init)
            let mean = part.reduce(0, +) / Double(width)
            let variance = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            for (i, value) in part.enumerated() {
                let normed = (value - mean) / (variance + 1e-3).squareRoot() * Double(weight[i])
                let truth = normed + Double(bias[i])
                let allowed = row == 2 ? 2e-3 : 2e-5
                #expect(abs(Double(got[row * width + i]) - truth) < allowed * (1 + abs(normed)), "\(row) \(i)")
            }
        }
    }

    @Test(arguments: widths)
    func gelu(width: Int) throws {
        var generator = Generator(UInt64(width))
        var values = generator.values(2 * width, scale: 2)
        let special: [Float] = [0, -0.0, 1e-6, 13, -13, 3e38, -3e38, -5, 5, 0.5, -0.5, -1, 1]
        for (i, value) in special.enumerated() where i < values.count { values[i] = value }
        let x = values
        let source = try FloatBuffer(x)
        let y = try ActivationBuffer(rows: 2, columns: width, quantised: true)
        let got = try Self.same { worker in
            worker.gelu(source, rows: 2, into: y)
            return y.values
        }
        let inPlace = try Self.same { worker in
            if worker.index == 0 { y.values.store(x, at: 0) }
            worker.barrier()
            worker.gelu(y.values, rows: 2, into: y)
            return y.values
        }
        #expect(unequal(inPlace, got) == 0)
        for (value, result) in zip(x, got) {
            let truth = Double(value) / 2 * erfc(-Double(value) / 2.0.squareRoot())
            #expect(abs(Double(result) - truth) <= 1e-7 + abs(truth) * 1e-6, "\(value): \(result), \(truth)")
        }
    }

    @Test func addition() throws {
        var generator = Generator(5)
        let a = generator.values(9000), b = generator.values(9000)
        let x = try FloatBuffer(a), y = try FloatBuffer(count: 9000)
        let got = try Self.same { worker in
            if worker.index == 0 { y.store(b, at: 0) }
            worker.barrier()
            worker.add(x, to: y, count: 8999)
            return y
        }
        #expect(got == zip(a, b).map { $0 + $1 }.dropLast() + [b[8999]])
    }

    @Test(arguments: [RopeTable.Pairing.adjacent, .halves])
    func rotaryEmbedding(pairing: RopeTable.Pairing) throws {
        var generator = Generator(6)
        let heads = 3, length = 20, pairs = 8, positions = [0, 1, 255, 256, 70000, 12]
        let frequencies = (0..<pairs).map { i in exponential(-9.21 * Double(i) / Double(pairs)) }
        let table = RopeTable(inverseFrequencies: frequencies, attentionFactor: 1.5, pairing: pairing)
        let x = generator.values(positions.count * heads * length)
        let buffer = try FloatBuffer(count: x.count)
        let got = try Self.same { worker in
            if worker.index == 0 { buffer.store(x, at: 0) }
            worker.barrier()
            worker.rope(buffer, heads: heads, headLength: length, positions: positions, table: table)
            return buffer
        }
        for (row, position) in positions.enumerated() {
            let (cosines, sines) = table.row(position)
            for i in 0..<pairs {
                let square = Double(cosines[i]) * Double(cosines[i]) + Double(sines[i]) * Double(sines[i])
                #expect(abs(square - 2.25) < 1e-6)
            }
            for head in 0..<heads {
                let start = (row * heads + head) * length
                for i in 0..<pairs {
                    let (first, second) = pairing == .adjacent ? (2 * i, 2 * i + 1) : (i, i + pairs)
                    let a = Double(x[start + first]), b = Double(x[start + second])
                    let c = Double(cosines[i]), s = Double(sines[i])
                    #expect(abs(Double(got[start + first]) - (a * c - b * s)) < 1e-5)
                    #expect(abs(Double(got[start + second]) - (b * c + a * s)) < 1e-5)
                }
                for d in 2 * pairs..<length { #expect(got[start + d] == x[start + d]) }
            }
        }
    }

    /// Known values of cosine and sine, far out too: cos(1), sin(1), cos(10^6), sin(10^6), quarter turns.
    @Test func anglesOfRotaryTables() {
        let table = RopeTable(inverseFrequencies: [1, 1.5707963267948966], pairing: .halves)
        let one = table.row(1), million = table.row(1_000_000), three = table.row(3)
        #expect(one.cosines[0] == Float(0.5403023058681398) && one.sines[0] == Float(0.8414709848078965))
        #expect(million.cosines[0] == Float(0.9367521275331447) && million.sines[0] == Float(-0.3499935021712930))
        #expect(abs(one.cosines[1]) < 1e-15 && one.sines[1] == 1)
        #expect(abs(three.cosines[1]) < 1e-15 && three.sines[1] == -1)
        #expect(table.row(0).cosines == [1, 1] && table.row(0).sines == [0, 0])
    }
}
