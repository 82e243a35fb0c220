import Foundation
import Tensors
import TestSupport
import Testing

/// The operations of training and their gradients, one by one, against PyTorch's.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct TrainingReferenceTests {
    static func pools() throws -> [WorkerPool] {
        try InstructionSet.available.enumerated().map { index, set in
            try WorkerPool(threads: index % 3 + 1, instructionSet: set)
        }
    }

    static func documents(_ reference: TrainingReference, rows: Int) throws -> [Range<Int>] {
        guard reference.has("in.documents") else { return [0..<rows] }
        let ids = try reference.integers("in.documents")
        let starts = ids.indices.filter { $0 == 0 || ids[$0] != ids[$0 - 1] } + [rows]
        return zip(starts, starts.dropFirst()).map { $0..<$1 }
    }

    static let attentions = ["attention", "attention-window", "attention-documents", "attention-window-documents"]

    @Test(arguments: attentions, [true, false])
    func attention(name: String, asOneTree: Bool) throws {
        let reference = try TrainingReference(name)
        let shape = try reference.shape("in.q"), rows = shape[0], kvHeads = try reference.shape("in.k")[1]
        let documents = try Self.documents(reference, rows: rows)
        let window = try #require(reference.parameters["window"])
        var forest = DocumentForest(positions: documents.flatMap { (0..<$0.count).map(Int32.init) })
        // Documents side by side: trees of their own, or roots of one tree.
        if asOneTree {
            forest.add(rows: 0..<rows, documents: documents.map { [$0] })
        } else {
            for document in documents { forest.add(rows: document, documents: [[document]]) }
        }
        for pool in try Self.pools() {
            let attention = TreeAttention(
                heads: shape[1], kvHeads: kvHeads, keyLength: shape[2], valueLength: shape[2],
                scale: Float(try #require(reference.parameters["scale"])), window: window > 0 ? Int(window) : nil,
                q: try reference.buffer("in.q"), k: try reference.buffer("in.k"), v: try reference.buffer("in.v"),
                output: try FloatBuffer(count: shape.reduce(1, *)), logSums: try FloatBuffer(count: rows * shape[1]))
            let dq = try FloatBuffer(count: attention.q.count), dk = try FloatBuffer(count: attention.k.count)
            let dv = try FloatBuffer(count: attention.v.count), dy = try reference.buffer("upstream.y")
            let own = forest
            pool.run { worker in
                worker.attention(attention, forest: own)
                worker.attentionBackward(attention, forest: own, dOutput: dy, dq: dq, dk: dk, dv: dv)
            }
            try reference.expect(attention.output.array, "out.y")
            try reference.expect(dq.array, "grad.q")
            try reference.expect(dk.array, "grad.k")
            try reference.expect(dv.array, "grad.v")
        }
    }

    @Test(arguments: ["rmsnorm-1e-5", "rmsnorm-1e-6"])
    func rmsNorm(name: String) throws {
        let reference = try TrainingReference(name)
        let shape = try reference.shape("in.x"), epsilon = Float(try #require(reference.parameters["epsilon"]))
        let weight = try reference.view("in.weight"), x = try reference.buffer("in.x")
        let dy = try reference.buffer("upstream.y")
        for pool in try Self.pools() {
            let y = try FloatBuffer(count: x.count), dx = try FloatBuffer(count: x.count)
            let alone = try FloatBuffer(count: x.count), dw = try FloatBuffer(count: shape[1])
            pool.run { worker in
                worker.rmsNorm(x, weight: weight, epsilon: epsilon, rows: shape[0], columns: shape[1], into: y)
                worker.rmsNormBackward(
                    x, weight: weight, epsilon: epsilon, rows: shape[0], columns: shape[1], dy: dy, dx: dx,
                    dweight: MatrixView(dw, rows: 1, columns: shape[1]))
                worker.rmsNormBackward(
                    x, weight: weight, epsilon: epsilon, rows: shape[0], columns: shape[1], dy: dy, dx: alone,
                    dweight: nil)
            }
            try reference.expect(y.array, "out.y")
            try reference.expect(dx.array, "grad.x")
            try reference.expect(dw.array, "grad.weight")
            #expect(unequal(dx.array, alone.array) == 0)
        }
    }

    @Test(arguments: [("rope-halves", RopeTable.Pairing.halves), ("rope-pairs", .adjacent)])
    func rope(name: String, pairing: RopeTable.Pairing) throws {
        let reference = try TrainingReference(name)
        let shape = try reference.shape("in.x"), theta = try #require(reference.parameters["theta"])
        let frequencies = (0..<shape[2] / 2).map { pow(theta, -2 * Double($0) / Double(shape[2])) }
        let table = RopeTable(inverseFrequencies: frequencies, pairing: pairing)
        let positions = try reference.integers("in.positions")
        for pool in try Self.pools() {
            let x = try reference.buffer("in.x"), dx = try reference.buffer("upstream.y")
            pool.run { worker in
                worker.rope(x, heads: shape[1], headLength: shape[2], positions: positions, table: table)
                worker.ropeBackward(dx, heads: shape[1], headLength: shape[2], positions: positions, table: table)
            }
            try reference.expect(x.array, "out.y")
            try reference.expect(dx.array, "grad.x")
        }
    }

    @Test func swiglu() throws {
        let reference = try TrainingReference("swiglu")
        for pool in try Self.pools() {
            let gate = try reference.buffer("in.gate"), up = try reference.buffer("in.up")
            let dy = try reference.buffer("upstream.y"), y = try FloatBuffer(count: gate.count)
            pool.run { worker in
                worker.swiglu(gate: gate, up: up, count: gate.count, into: y)
                worker.swigluBackward(gate: gate, up: up, dy: dy, count: gate.count)
            }
            try reference.expect(y.array, "out.y")
            try reference.expect(gate.array, "grad.gate")
            try reference.expect(up.array, "grad.up")
        }
    }

    @Test func crossEntropy() throws {
        let reference = try TrainingReference("cross-entropy")
        let labels = try reference.integers("in.labels"), shape = try reference.shape("in.logits")
        let upstream = try reference.floats("upstream.loss")[0]
        let trained = labels.indices.filter { labels[$0] != -100 }
        #expect(Double(trained.count) == reference.parameters["trained"])
        let logits = try reference.view("in.logits")
        for pool in try Self.pools() {
            // Rows with a label only: what the model computes.
            let chosen = MatrixView(
                try FloatBuffer(count: trained.count * shape[1]), rows: trained.count, columns: shape[1])
            let values = try FloatBuffer(count: trained.count)
            let targets = trained.enumerated().map { place, row in
                LabelTarget(row: place, label: labels[row], weight: upstream / Float(trained.count))
            }
            pool.run { worker in
                worker.gather(logits, rows: trained[...], to: chosen)
                worker.crossEntropy(chosen, targets: targets[...], logProbabilities: values, at: 0, turns: true)
            }
            try reference.expect([-values.array.reduce(0, +) / Float(trained.count)], "out.loss")
            var gradient = [Float](repeating: 0, count: shape[0] * shape[1])
            for (place, row) in trained.enumerated() {
                let own = chosen.buffer.array(place * shape[1]..<(place + 1) * shape[1])
                gradient.replaceSubrange(row * shape[1]..<(row + 1) * shape[1], with: own)
            }
            try reference.expect(gradient, "grad.logits")
        }
    }

    @Test func adamW() throws {
        let reference = try TrainingReference("adamw")
        func constant(_ key: String) throws -> Float { Float(try #require(reference.parameters[key])) }
        for pool in try Self.pools() {
            let weights = try reference.buffer("in.weight")
            let m = try FloatBuffer(count: weights.count), v = try FloatBuffer(count: weights.count)
            for number in 1...3 {
                let gradient = try reference.buffer("in.grad.\(number)")
                let step = AdamWStep(
                    rate: try constant("learning_rate"), beta1: try constant("beta1"), beta2: try constant("beta2"),
                    epsilon: try constant("epsilon"), decay: try constant("weight_decay"), number: number,
                    gradientScale: 1)
                pool.run { worker in
                    worker.adamW(
                        step, values: weights, gradients: gradient, first: m, second: v, range: 0..<weights.count)
                }
                try reference.expect(weights.array, "out.weight.\(number)")
                try reference.expect(m.array, "out.m.\(number)")
                try reference.expect(v.array, "out.v.\(number)")
            }
        }
    }

    @Test func embedding() throws {
        let reference = try TrainingReference("embedding")
        let ids = try reference.integers("in.ids"), shape = try reference.shape("in.weight")
        let weight = try reference.view("in.weight"), dy = try reference.view("upstream.y")
        for pool in try Self.pools() {
            let y = MatrixView(try FloatBuffer(count: ids.count * shape[1]), rows: ids.count, columns: shape[1])
            let dw = MatrixView(try FloatBuffer(count: shape[0] * shape[1]), rows: shape[0], columns: shape[1])
            pool.run { worker in
                worker.gather(weight, rows: ids[...], to: y)
                worker.accumulateRows(dy, to: dw, rows: ids)
            }
            try reference.expect(y.buffer.array, "out.y")
            try reference.expect(dw.buffer.array, "grad.weight")
        }
    }

    /// y = x Wᵀ + b, with s · B (A x) where there are factors; all gradients.
    @Test(arguments: ["linear", "lora-linear"])
    func linear(name: String) throws {
        let reference = try TrainingReference(name)
        let x = try reference.view("in.x"), w = try reference.view("in.weight"), bias = try reference.view("in.bias")
        let dy = try reference.view("upstream.y"), m = x.rows, n = w.rows, k = x.columns
        let scale = Float(reference.parameters["scale"] ?? 0)
        let a = scale == 0 ? nil : try reference.view("in.a"), b = scale == 0 ? nil : try reference.view("in.b")
        func room(_ rows: Int, _ columns: Int) throws -> MatrixView {
            MatrixView(try FloatBuffer(count: rows * columns), rows: rows, columns: columns)
        }
        func panel(_ m: Int, _ depth: Int) throws -> PackedFactor {
            PackedFactor(in: try FloatBuffer(count: PackedFactor.floats(m: m, depth: depth)), m: m, depth: depth)
        }
        for pool in try Self.pools() {
            let r = a?.rows ?? 1
            let y = try room(m, n), mid = try room(m, r), dMid = try room(m, r), dx = try room(m, k)
            let dw = try room(n, k), da = try room(r, k), db = try room(n, r), dBias = try room(1, n)
            let px = try panel(m, k), pm = try panel(m, r), pdy = try panel(m, n), pdyTurned = try panel(n, m)
            let pdm = try panel(m, r), pdmTurned = try panel(r, m)
            pool.run { worker in
                worker.pack(x, into: px)
                worker.pack(dy, into: pdy)
                worker.pack(dy, turned: true, into: pdyTurned)
                var terms: [(left: PackedFactor, right: RightFactor)] = [(px, .turned(w))]
                var back: [(left: PackedFactor, right: RightFactor)] = [(pdy, .values(w))]
                if let a, let b {
                    worker.compute([ProductSum([(px, .turned(a))], into: mid)])
                    worker.scale(scale, mid)
                    worker.pack(mid, into: pm)
                    terms.append((pm, .turned(b)))
                    worker.compute([ProductSum([(pdyTurned, .values(mid))], into: db)])
                    worker.compute([ProductSum([(pdy, .values(b))], into: dMid)])
                    worker.scale(scale, dMid)
                    worker.pack(dMid, into: pdm)
                    worker.pack(dMid, turned: true, into: pdmTurned)
                    worker.compute([ProductSum([(pdmTurned, .values(x))], into: da)])
                    back.append((pdm, .values(a)))
                }
                worker.compute([
                    ProductSum(terms, into: y, bias: bias), ProductSum(back, into: dx),
                    ProductSum([(pdyTurned, .values(x))], into: dw),
                ])
                worker.addColumnSums(of: dy, to: dBias)
            }
            try reference.expect(y.buffer.array, "out.y")
            try reference.expect(dx.buffer.array, "grad.x")
            try reference.expect(dw.buffer.array, "grad.weight")
            try reference.expect(dBias.buffer.array, "grad.bias")
            guard a != nil else { continue }
            try reference.expect(da.buffer.array, "grad.a")
            try reference.expect(db.buffer.array, "grad.b")
        }
    }
}
