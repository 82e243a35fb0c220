import Tensors

/// One decoder block as it is trained. E embedding, H heads, G heads of keys and values, d head length, F inner width.
struct TrainedBlock: Sendable {
    /// [E], [E]
    let attentionNorm: Tensor, feedForwardNorm: Tensor
    /// [d], over each head before rotation (qwen3).
    let queryNorm: Tensor?, keyNorm: Tensor?
    var query: Linear, key: Linear, value: Linear, output: Linear, gate: Linear, up: Linear, down: Linear
    let window: Int?

    var linears: [Linear] { [query, key, value, output, gate, up, down] }
}

/// What the forward pass of a block leaves for the backward pass, for up to `rows` rows.
final class BlockActivations: Sendable {
    /// [rows, E]: what the block begins with, and what its feed-forward part begins with.
    let input: FloatBuffer, middle: FloatBuffer
    /// q and k before norms and rotation, where heads are normed.
    let rawQuery: FloatBuffer?, rawKey: FloatBuffer?
    /// Rotated: [rows, H d], [rows, G d], [rows, G d].
    let q: FloatBuffer, k: FloatBuffer, v: FloatBuffer
    /// [rows, H d], [rows, H]
    let attended: FloatBuffer, logSums: FloatBuffer
    /// [rows, F]; the backward pass turns them into their gradients.
    let gate: FloatBuffer, up: FloatBuffer
    /// [rows, rank] of each adapted layer, [rows, out] of each with magnitudes; by `Linear.place`.
    let mids: [FloatBuffer?], products: [FloatBuffer?]

    init(_ block: TrainedBlock, shape: ModelShape, rows: Int) throws {
        func buffer(_ width: Int) throws -> FloatBuffer { try FloatBuffer(count: rows * width) }
        input = try buffer(shape.embedding)
        middle = try buffer(shape.embedding)
        rawQuery = block.queryNorm == nil ? nil : try buffer(shape.queries)
        rawKey = block.keyNorm == nil ? nil : try buffer(shape.keys)
        q = try buffer(shape.queries)
        k = try buffer(shape.keys)
        v = try buffer(shape.keys)
        attended = try buffer(shape.queries)
        logSums = try buffer(shape.heads)
        gate = try buffer(shape.inner)
        up = try buffer(shape.inner)
        mids = try block.linears.map { try $0.lowRank.map { try buffer($0.rank) } }
        products = try block.linears.map { $0.lowRank?.magnitude == nil ? nil : try buffer($0.rows) }
    }
}

/// The widths of a model.
struct ModelShape: Sendable {
    let embedding: Int, heads: Int, kvHeads: Int, headLength: Int, inner: Int, vocabulary: Int, blocks: Int
    let epsilon: Float

    var queries: Int { heads * headLength }
    var keys: Int { kvHeads * headLength }
}

/// One pass over a block, run alike by all workers.
struct BlockPass {
    let pass: LinearPass
    let shape: ModelShape
    let rope: RopeTable
    let batch: TrainingBatch
    let space: TrainingSpace

    private var worker: Worker { pass.worker }
    private var rows: Int { batch.tokens.count }

    private func view(_ buffer: FloatBuffer, _ columns: Int) -> MatrixView {
        MatrixView(buffer, rows: rows, columns: columns)
    }

    private func use(_ linear: Linear, _ output: FloatBuffer, _ kept: BlockActivations) -> LinearUse {
        LinearUse(
            linear: linear, output: view(output, linear.rows),
            mid: linear.lowRank.flatMap { low in kept.mids[linear.place].map { view($0, low.rank) } },
            product: kept.products[linear.place].map { view($0, linear.rows) })
    }

    private func attention(_ block: TrainedBlock, _ kept: BlockActivations) -> TreeAttention {
        TreeAttention(
            heads: shape.heads, kvHeads: shape.kvHeads, keyLength: shape.headLength, valueLength: shape.headLength,
            scale: 1 / Float(shape.headLength).squareRoot(), window: block.window, q: kept.q, k: kept.k, v: kept.v,
            output: kept.attended, logSums: kept.logSums)
    }

    private func norm(_ tensor: Tensor) -> MatrixView {
        switch tensor {
        case .trained(let parameter): pass.arena.value(parameter)
        case .frozenVector(let buffer): MatrixView(buffer, rows: 1, columns: buffer.count)
        case .frozenMatrix: preconditionFailure("a norm is a vector")
        }
    }

    private func normGradient(_ tensor: Tensor) -> MatrixView? {
        if case .trained(let parameter) = tensor { pass.arena.gradient(parameter) } else { nil }
    }

    /// kept.input → result, [rows, E].
    func forward(_ block: TrainedBlock, _ kept: BlockActivations, into result: FloatBuffer) {
        var panels = space.panels
        let e = shape.embedding
        worker.rmsNorm(
            kept.input, weight: norm(block.attentionNorm), epsilon: shape.epsilon, rows: rows, columns: e,
            into: space.normed)
        pass.forward(
            [
                use(block.query, kept.rawQuery ?? kept.q, kept), use(block.key, kept.rawKey ?? kept.k, kept),
                use(block.value, kept.v, kept),
            ], x: view(space.normed, e), &panels)
        if let tensor = block.queryNorm, let raw = kept.rawQuery {
            worker.rmsNorm(
                raw, weight: norm(tensor), epsilon: shape.epsilon, rows: rows * shape.heads,
                columns: shape.headLength, into: kept.q)
        }
        if let tensor = block.keyNorm, let raw = kept.rawKey {
            worker.rmsNorm(
                raw, weight: norm(tensor), epsilon: shape.epsilon, rows: rows * shape.kvHeads,
                columns: shape.headLength, into: kept.k)
        }
        worker.rope(kept.q, heads: shape.heads, headLength: shape.headLength, positions: batch.positions, table: rope)
        worker.rope(
            kept.k, heads: shape.kvHeads, headLength: shape.headLength, positions: batch.positions, table: rope)
        worker.attention(attention(block, kept), forest: batch.forest)
        pass.forward([use(block.output, kept.middle, kept)], x: view(kept.attended, shape.queries), &panels)
        worker.add(view(kept.input, e), to: view(kept.middle, e))

        worker.rmsNorm(
            kept.middle, weight: norm(block.feedForwardNorm), epsilon: shape.epsilon, rows: rows, columns: e,
            into: space.normed)
        pass.forward(
            [use(block.gate, kept.gate, kept), use(block.up, kept.up, kept)], x: view(space.normed, e), &panels)
        worker.swiglu(gate: kept.gate, up: kept.up, count: rows * shape.inner, into: space.wide)
        pass.forward([use(block.down, result, kept)], x: view(space.wide, shape.inner), &panels)
        worker.add(view(kept.middle, e), to: view(result, e))
    }

    /// space.dHidden, the gradient of the result, becomes that of kept.input.
    ///
    /// - Parameter needsInput: whether anything below is trained; else the gradient of the input is left undone.
    func backward(_ block: TrainedBlock, _ kept: BlockActivations, needsInput: Bool) {
        var panels = space.panels
        let e = shape.embedding, n = rows * shape.inner
        // down · (silu(gate) ∘ up)
        worker.swiglu(gate: kept.gate, up: kept.up, count: n, into: space.wide)
        worker.copy(view(space.dHidden, e), to: view(space.dOutput, e))
        pass.backward(
            [use(block.down, space.dOutput, kept)], x: view(space.wide, shape.inner),
            dx: view(space.dWide, shape.inner), &panels)
        worker.swigluBackward(gate: kept.gate, up: kept.up, dy: space.dWide, count: n)
        worker.rmsNorm(
            kept.middle, weight: norm(block.feedForwardNorm), epsilon: shape.epsilon, rows: rows, columns: e,
            into: space.normed)
        pass.backward(
            [use(block.gate, kept.gate, kept), use(block.up, kept.up, kept)], x: view(space.normed, e),
            dx: view(space.dNormed, e), &panels)
        worker.rmsNormBackward(
            kept.middle, weight: norm(block.feedForwardNorm), epsilon: shape.epsilon, rows: rows, columns: e,
            dy: space.dNormed, dx: space.dHidden, dweight: normGradient(block.feedForwardNorm))
        attentionBackward(block, kept, needsInput: needsInput, &panels)
    }

    private func attentionBackward(
        _ block: TrainedBlock, _ kept: BlockActivations, needsInput: Bool, _ panels: inout PanelSpace
    ) {
        let e = shape.embedding
        worker.copy(view(space.dHidden, e), to: view(space.dOutput, e))
        pass.backward(
            [use(block.output, space.dOutput, kept)], x: view(kept.attended, shape.queries),
            dx: view(space.dAttended, shape.queries), &panels)
        for (buffer, width) in [(space.dQ, shape.queries), (space.dK, shape.keys), (space.dV, shape.keys)] {
            worker.clear(buffer, count: rows * width)
        }
        worker.attentionBackward(
            attention(block, kept), forest: batch.forest, dOutput: space.dAttended, dq: space.dQ, dk: space.dK,
            dv: space.dV)
        worker.ropeBackward(
            space.dQ, heads: shape.heads, headLength: shape.headLength, positions: batch.positions, table: rope)
        worker.ropeBackward(
            space.dK, heads: shape.kvHeads, headLength: shape.headLength, positions: batch.positions, table: rope)
        let dq = headNormBackward(block.queryNorm, kept.rawQuery, space.dQ, heads: shape.heads, into: kept.q)
        let dk = headNormBackward(block.keyNorm, kept.rawKey, space.dK, heads: shape.kvHeads, into: kept.k)
        worker.rmsNorm(
            kept.input, weight: norm(block.attentionNorm), epsilon: shape.epsilon, rows: rows, columns: e,
            into: space.normed)
        let below = needsInput || normGradient(block.attentionNorm) != nil
        pass.backward(
            [use(block.query, dq, kept), use(block.key, dk, kept), use(block.value, space.dV, kept)],
            x: view(space.normed, e), dx: below ? view(space.dNormed, e) : nil, &panels)
        guard below else { return }
        worker.rmsNormBackward(
            kept.input, weight: norm(block.attentionNorm), epsilon: shape.epsilon, rows: rows, columns: e,
            dy: space.dNormed, dx: space.dHidden, dweight: normGradient(block.attentionNorm))
    }

    /// Gradient of the raw heads, where heads are normed; it takes the place of the rotated ones, which are done with.
    private func headNormBackward(
        _ tensor: Tensor?, _ raw: FloatBuffer?, _ dy: FloatBuffer, heads: Int, into place: FloatBuffer
    ) -> FloatBuffer {
        guard let tensor, let raw else { return dy }
        worker.clear(place, count: rows * heads * shape.headLength)
        worker.rmsNormBackward(
            raw, weight: norm(tensor), epsilon: shape.epsilon, rows: rows * heads, columns: shape.headLength, dy: dy,
            dx: place, dweight: normGradient(tensor))
        return place
    }
}
