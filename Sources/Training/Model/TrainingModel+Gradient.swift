import ModelFormats
public import Tensors

/// Memory and activations for passes over micro-batches of up to `rows` tokens.
public final class TrainingWorkspace: Sendable {
    /// Most tokens of a micro-batch.
    public let rows: Int
    let space: TrainingSpace
    /// One per block, or one for all that is filled again on the way back.
    let kept: [BlockActivations]
    /// Where recomputing: what each block begins with.
    let inputs: [FloatBuffer]
    let recomputes: Bool
    let result: FloatBuffer
    let logProbabilities: FloatBuffer
    /// Inputs of frozen quantised weights as codes, by width; empty for the exact forward pass.
    let codes: [Int: ActivationBuffer]

    /// - Parameters:
    ///   - recomputes: activations are computed again on the way back: a third more work for far less memory.
    ///   - targets: most predicted tokens of a micro-batch.
    ///   - forward: how frozen quantised weights are multiplied on the way forward.
    public init(
        model: TrainingModel, rows: Int, targets: Int, recomputes: Bool, forward: ForwardPrecision = .exact
    ) throws {
        self.rows = rows
        self.recomputes = recomputes
        let shape = model.shape
        let ranks = model.blocks.flatMap(\.linears).compactMap { $0.lowRank?.rank }
        space = try TrainingSpace(shape, rows: rows, largestRank: ranks.max() ?? 0)
        let own = recomputes ? model.blocks.prefix(1) : model.blocks[...]
        kept = try own.map { try BlockActivations($0, shape: shape, rows: rows) }
        inputs = recomputes ? try model.blocks.map { _ in try FloatBuffer(count: rows * shape.embedding) } : []
        result = try FloatBuffer(count: rows * shape.embedding)
        logProbabilities = try FloatBuffer(count: max(1, targets))
        var codes: [Int: ActivationBuffer] = [:]
        if forward == .integer {
            for width in Set([shape.embedding, shape.queries, shape.inner]) {
                codes[width] = try ActivationBuffer(rows: rows, columns: width, quantised: true)
            }
        }
        self.codes = codes
    }
}

/// How the forward pass of training multiplies frozen quantised weights; the way back always unpacks them exactly.
public enum ForwardPrecision: String, Sendable, CaseIterable, Codable {
    /// Unpacked to their exact values, in f32.
    case exact
    /// By the serving kernels, with activations as int8: several times faster, and what serving will compute.
    case integer
}

/// m / n and 1 / n of layers with magnitudes (DoRA), by the offset of the magnitudes.
public struct MagnitudeRatios: Sendable {
    var ratios: [Int: MatrixView] = [:]
    var inverses: [Int: MatrixView] = [:]
}

extension TrainingModel {
    /// log p of every target of a batch, without gradients.
    public func logProbabilities(
        _ batch: TrainingBatch, workspace: TrainingWorkspace, pool: WorkerPool, ratios: MagnitudeRatios
    ) -> [Float] {
        run(batch, workspace, ratios, pool, backward: false)
        return workspace.logProbabilities.array(0..<batch.targets.count)
    }

    /// Adds the gradient of Σ weight · −log p to the arena's gradients, and gives log p of every target.
    ///
    /// Gradients of magnitudes lack their factor 1 / n until `finishGradient`.
    /// - Parameter noise: what is added to the embeddings of the rows (NEFTune); [rows, E].
    public func addGradient(
        _ batch: TrainingBatch, workspace: TrainingWorkspace, pool: WorkerPool, ratios: MagnitudeRatios,
        noise: FloatBuffer? = nil
    ) -> [Float] {
        run(batch, workspace, ratios, pool, backward: true, noise: noise)
        return workspace.logProbabilities.array(0..<batch.targets.count)
    }

    /// m / n of layers with magnitudes for the weights as they are now: once a step.
    public func magnitudeRatios(pool: WorkerPool) throws -> MagnitudeRatios {
        var result = MagnitudeRatios()
        guard case .lowRank(let settings) = part, settings.usesDoRA else { return result }
        for (offset, norms) in try magnitudeNorms(pool: pool) {
            let n = norms.array, m = arena.values.array(offset..<offset + norms.count)
            result.ratios[offset] = MatrixView(
                try FloatBuffer(zip(m, n).map { $0 / $1 }), rows: 1, columns: n.count)
            result.inverses[offset] = MatrixView(try FloatBuffer(n.map { 1 / $0 }), rows: 1, columns: n.count)
        }
        return result
    }

    /// Sets all gradients to zero.
    public func clearGradient(pool: WorkerPool) {
        pool.run { worker in worker.clear(self.arena.gradients, count: self.arena.count) }
    }

    /// Completes gradients once all micro-batches of a step were added.
    public func finishGradient(pool: WorkerPool, ratios: MagnitudeRatios) {
        pool.run { worker in
            for (offset, inverse) in ratios.inverses.sorted(by: { $0.key < $1.key }) {
                worker.scaleColumns(
                    MatrixView(self.arena.gradients, offset: offset, rows: 1, columns: inverse.columns), by: inverse)
            }
        }
    }

    private func run(
        _ batch: TrainingBatch, _ workspace: TrainingWorkspace, _ ratios: MagnitudeRatios, _ pool: WorkerPool,
        backward: Bool,
        noise: FloatBuffer? = nil
    ) {
        precondition(batch.tokens.count <= workspace.rows, "a batch larger than the workspace")
        precondition(batch.targets.count <= workspace.logProbabilities.count, "more targets than the workspace holds")
        guard !batch.tokens.isEmpty else { return }
        pool.run { worker in
            let linear = LinearPass(
                worker: worker, arena: self.arena, ratios: ratios.ratios, codes: workspace.codes)
            let pass = BlockPass(
                pass: linear, shape: self.shape, rope: self.rope, batch: batch, space: workspace.space)
            self.forward(pass, batch, workspace, noise)
            self.head(worker, batch, workspace, backward: backward)
            guard backward, !batch.targets.isEmpty else { return }
            self.backward(pass, batch, workspace)
        }
    }

    private func forward(
        _ pass: BlockPass, _ batch: TrainingBatch, _ workspace: TrainingWorkspace, _ noise: FloatBuffer?
    ) {
        let worker = pass.pass.worker, e = shape.embedding, count = batch.tokens.count
        let first = workspace.recomputes ? workspace.inputs[0] : workspace.kept[0].input
        embed(batch.tokens, into: first, worker)
        if let noise {
            worker.add(
                MatrixView(noise, rows: count, columns: e), to: MatrixView(first, rows: count, columns: e))
        }
        for (index, block) in blocks.enumerated() {
            let isLast = index + 1 == blocks.count
            if workspace.recomputes {
                worker.copy(
                    MatrixView(workspace.inputs[index], rows: count, columns: e),
                    to: MatrixView(workspace.kept[0].input, rows: count, columns: e))
                pass.forward(
                    block, workspace.kept[0], into: isLast ? workspace.result : workspace.inputs[index + 1])
            } else {
                pass.forward(
                    block, workspace.kept[index], into: isLast ? workspace.result : workspace.kept[index + 1].input)
            }
        }
    }

    private func embed(_ tokens: [Int], into buffer: FloatBuffer, _ worker: Worker) {
        switch embedding {
        case .frozenMatrix(let matrix):
            worker.forEachChunk(tokens.count) { row in
                matrix.decodeRow(tokens[row], into: buffer, at: row * shape.embedding)
            }
            worker.barrier()
        case .trained(let parameter):
            worker.gather(
                arena.value(parameter), rows: tokens[...],
                to: MatrixView(buffer, rows: tokens.count, columns: shape.embedding))
        case .frozenVector: preconditionFailure("an embedding is a matrix")
        }
    }

    private func backward(_ pass: BlockPass, _ batch: TrainingBatch, _ workspace: TrainingWorkspace) {
        let worker = pass.pass.worker, e = shape.embedding, count = batch.tokens.count
        let space = workspace.space
        // Below the lowest block of which anything is trained nothing has to be known.
        let isEmbeddingTrained = if case .trained = embedding { true } else { false }
        let lowest =
            isEmbeddingTrained ? -1 : blocks.firstIndex { $0.linears.contains(where: \.isTrained) } ?? blocks.count
        for (index, block) in blocks.enumerated().reversed() where index >= lowest {
            let kept = workspace.recomputes ? workspace.kept[0] : workspace.kept[index]
            if workspace.recomputes {
                worker.copy(
                    MatrixView(workspace.inputs[index], rows: count, columns: e),
                    to: MatrixView(kept.input, rows: count, columns: e))
                pass.forward(block, kept, into: workspace.result)
            }
            pass.backward(block, kept, needsInput: index > lowest)
        }
        if case .trained(let parameter) = embedding {
            worker.accumulateRows(
                MatrixView(space.dHidden, rows: count, columns: e), to: arena.gradient(parameter), rows: batch.tokens)
        }
    }
}
