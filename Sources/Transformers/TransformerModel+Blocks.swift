import ModelFormats
import Tensors

extension TransformerModel {
    /// The tokens of a step as rows of one matrix.
    struct Batch: Sendable {
        let tokens: [Int]
        let segments: [AttentionSegment]
    }

    /// Embedding, all blocks and the last norm, from top to bottom, as every worker runs them. What the output matrix
    /// takes is left in `workspace.normed`.
    func blocks(_ batch: Batch, _ s: Workspace, _ worker: Worker) {
        let c = configuration
        let m = batch.tokens.count

        // h = embedding[token] (· √E)
        worker.forEachChunk(m) { row in
            weights.embedding.decodeRow(batch.tokens[row], into: s.hidden, at: row * c.embeddingLength)
        }
        worker.barrier()
        if c.architecture.scalesEmbedding {
            worker.scale(s.hidden, by: Float(c.embeddingLength).squareRoot(), count: m * c.embeddingLength)
        }

        for (layer, block) in weights.blocks.enumerated() {
            let low = adapter?.blocks[layer]
            // h += Wo · attention(W · norm(h))
            worker.rmsNorm(s.hidden, weight: block.attentionNorm, epsilon: c.normEpsilon, rows: m, into: s.normed)
            attention(layer, block, low, batch, s, worker)
            add(
                Projection(weights: block.output, bias: block.outputBias, output: s.hidden), low?.output,
                of: s.attended,
                norm: block.attentionOutputNorm, rows: m, s, worker)

            // h += feedForward(norm(h))
            worker.rmsNorm(s.hidden, weight: block.feedForwardNorm, epsilon: c.normEpsilon, rows: m, into: s.normed)
            switch block.feedForward {
            case .dense(let network):
                dense(network, low, norm: block.feedForwardOutputNorm, rows: m, s, worker)
            case .experts(let router, let networks):
                mixture(router, networks, norm: block.feedForwardOutputNorm, rows: m, s, worker)
            }
        }
        worker.rmsNorm(s.hidden, weight: weights.outputNorm, epsilon: c.normEpsilon, rows: m, into: s.normed)
    }

    /// Keys and values of the rows are stored, and `s.attended` = attention(q, K, V).
    private func attention(
        _ layer: Int, _ block: BlockWeights, _ low: AdapterBlock?, _ batch: Batch, _ s: Workspace, _ worker: Worker
    ) {
        let c = configuration
        let m = batch.tokens.count
        // q, k, v = W · norm(h) (+ bias)
        project(
            [
                .init(Projection(weights: block.query, bias: block.queryBias, output: s.query), low?.query),
                .init(Projection(weights: block.key, bias: block.keyBias, output: s.key), low?.key),
                .init(Projection(weights: block.value, bias: block.valueBias, output: s.value), low?.value),
            ], rows: m, s, worker
        ) { worker.project($0, s.normed, rows: m) }
        if let norm = block.queryNorm {
            worker.rmsNormInPlace(
                s.query, weight: norm, epsilon: c.normEpsilon, rows: m * c.headCount, columns: c.keyLength)
        }
        if let norm = block.keyNorm {
            worker.rmsNormInPlace(
                s.key, weight: norm, epsilon: c.normEpsilon, rows: m * c.kvHeadCount, columns: c.keyLength)
        }
        let window = window(ofLayer: layer)
        let table = window == nil ? rope : localRope ?? rope
        worker.rotateAndStore(
            q: s.query, k: s.key, v: s.value, heads: c.headCount, table: table, layer: layer, segments: batch.segments)
        worker.attention(
            q: s.query, layer: layer, heads: c.headCount,
            scale: c.attentionScale ?? 1 / Float(c.keyLength).squareRoot(), softCap: c.attentionSoftCap,
            window: window, segments: batch.segments, into: s.attended)
    }

    /// h += down · (activation(gate · x) ∘ up · x) with x in `s.normed`.
    private func dense(
        _ network: GatedWeights, _ low: AdapterBlock?, norm: FloatBuffer?, rows m: Int, _ s: Workspace,
        _ worker: Worker
    ) {
        project(
            [
                .init(Projection(weights: network.gate, bias: network.gateBias, output: s.gate), low?.gate),
                .init(Projection(weights: network.up, bias: network.upBias, output: s.up), low?.up),
            ], rows: m, s, worker
        ) { worker.project($0, s.normed, rows: m) }
        activate(rows: m, s, worker)
        add(
            Projection(weights: network.down, bias: network.downBias, output: s.hidden), low?.down, of: s.activated,
            norm: norm, rows: m, s, worker)
    }

    /// `s.activated` = activation(gate) ∘ up.
    func activate(rows: Int, _ s: Workspace, _ worker: Worker) {
        switch configuration.architecture.activation {
        case .silu: worker.swiglu(gate: s.gate, up: s.up, rows: rows, into: s.activated)
        case .geluTanh: worker.geglu(gate: s.gate, up: s.up, rows: rows, into: s.activated)
        }
    }

    /// h += W · x, or h += norm(W · x) where what a part gives is normed. The projection's output is h.
    private func add(
        _ projection: Projection, _ low: LowRankWeights?, of input: ActivationBuffer, norm: FloatBuffer?, rows: Int,
        _ s: Workspace, _ worker: Worker
    ) {
        var projection = projection
        if norm == nil { projection.accumulate = true } else { projection.output = s.branch }
        project([.init(projection, low)], rows: rows, s, worker) { worker.project($0, input, rows: rows) }
        if norm != nil { addBranch(norm: norm, rows: rows, s, worker) }
    }

    /// h += norm(`s.branch`), or `s.branch` itself.
    func addBranch(norm: FloatBuffer?, rows: Int, _ s: Workspace, _ worker: Worker) {
        let c = configuration
        if let norm {
            worker.rmsNormInPlace(
                s.branch, weight: norm, epsilon: c.normEpsilon, rows: rows, columns: c.embeddingLength)
        }
        worker.add(s.branch, to: s.hidden, count: rows * c.embeddingLength)
    }
}
