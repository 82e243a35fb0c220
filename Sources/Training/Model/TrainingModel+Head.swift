import Tensors

extension TrainingModel {
    /// The last norm, logits and cross-entropy for the rows that predict something, as many at a time as their logits
    /// may stand in memory; on the way back their gradients go to `space.dHidden` and to the arena.
    func head(_ worker: Worker, _ batch: TrainingBatch, _ workspace: TrainingWorkspace, backward: Bool) {
        let space = workspace.space, e = shape.embedding
        if backward { worker.clear(space.dHidden, count: batch.tokens.count * e) }
        var rows: [Int] = []
        for target in batch.targets where rows.last != target.row { rows.append(target.row) }
        var next = 0
        for start in stride(from: 0, to: rows.count, by: space.logitRows) {
            let own = rows[start..<min(start + space.logitRows, rows.count)]
            let first = next
            while next < batch.targets.count, batch.targets[next].row <= own[own.endIndex - 1] { next += 1 }
            var place = 0
            let targets = batch.targets[first..<next].map { target in
                while own[own.startIndex + place] != target.row { place += 1 }
                return LabelTarget(row: place, label: target.label, weight: target.weight)
            }
            chunk(worker, workspace, rows: own, targets: targets, at: first, backward: backward)
        }
    }

    private var outputTensor: Tensor { output ?? embedding }

    private func chunk(
        _ worker: Worker, _ workspace: TrainingWorkspace, rows: ArraySlice<Int>, targets: [LabelTarget], at first: Int,
        backward: Bool
    ) {
        let space = workspace.space, e = shape.embedding, v = shape.vocabulary
        let hidden = MatrixView(workspace.result, rows: workspace.rows, columns: e)
        // The chosen rows of the residual stream, and their norms in its place of the block passes' buffers.
        let chosen = MatrixView(space.dOutput, rows: rows.count, columns: e)
        let states = MatrixView(space.states, rows: rows.count, columns: e)
        let logits = MatrixView(space.logits, rows: rows.count, columns: v)
        worker.gather(hidden, rows: rows, to: chosen)
        worker.rmsNorm(
            space.dOutput, weight: normView, epsilon: shape.epsilon, rows: rows.count, columns: e, into: space.states)
        var panels = space.panels
        let packed = panels.take(m: rows.count, depth: e)
        worker.pack(states, into: packed)
        let turned: RightFactor =
            switch outputTensor {
            case .trained(let parameter): .turned(arena.value(parameter))
            case .frozenMatrix(let matrix): .weightsTurned(matrix)
            case .frozenVector: preconditionFailure("an output is a matrix")
            }
        worker.compute([ProductSum([(packed, turned)], into: logits)])
        worker.crossEntropy(
            logits, targets: targets[...], logProbabilities: workspace.logProbabilities, at: first, turns: backward)
        guard backward else { return }
        let dStates = MatrixView(space.dStates, rows: rows.count, columns: e)
        back(worker, space, logits: logits, states: states, dStates: dStates)
        // The gradient of the norm's input, row by row, then back to its places.
        worker.clear(space.dNormed, count: rows.count * e)
        var gradient: MatrixView?
        if case .trained(let parameter) = outputNorm { gradient = arena.gradient(parameter) }
        worker.rmsNormBackward(
            space.dOutput, weight: normView, epsilon: shape.epsilon, rows: rows.count, columns: e, dy: space.dStates,
            dx: space.dNormed, dweight: gradient)
        worker.scatterAdd(
            MatrixView(space.dNormed, rows: rows.count, columns: e),
            to: MatrixView(space.dHidden, rows: workspace.rows, columns: e), rows: rows)
    }

    /// dStates = dLogits · W and dW += dLogitsᵀ · states, a slice of the vocabulary at a time.
    private func back(
        _ worker: Worker, _ space: TrainingSpace, logits: MatrixView, states: MatrixView, dStates: MatrixView
    ) {
        let v = shape.vocabulary, e = shape.embedding
        for start in stride(from: 0, to: v, by: TrainingSpace.vocabularySlice) {
            let width = min(TrainingSpace.vocabularySlice, v - start)
            let slice = MatrixView(
                logits.buffer, offset: logits.offset + start, rows: logits.rows, columns: width, stride: v)
            var panels = space.panels
            let packed = panels.take(m: logits.rows, depth: width)
            worker.pack(slice, into: packed)
            let right: RightFactor
            switch outputTensor {
            case .trained(let parameter):
                right = .values(
                    MatrixView(arena.values, offset: parameter.offset + start * e, rows: width, columns: e))
            case .frozenMatrix(let matrix): right = .weightRows(matrix, start..<start + width)
            case .frozenVector: preconditionFailure("an output is a matrix")
            }
            worker.compute([ProductSum([(packed, right)], into: dStates, accumulate: start > 0)])
            guard case .trained(let parameter) = outputTensor else { continue }
            let turned = panels.take(m: width, depth: logits.rows)
            worker.pack(slice, turned: true, into: turned)
            let gradient = MatrixView(
                arena.gradients, offset: parameter.offset + start * e, rows: width, columns: e)
            worker.compute([ProductSum([(turned, .values(states))], into: gradient, accumulate: true)])
        }
    }

    private var normView: MatrixView {
        switch outputNorm {
        case .trained(let parameter): arena.value(parameter)
        case .frozenVector(let buffer): MatrixView(buffer, rows: 1, columns: buffer.count)
        case .frozenMatrix: preconditionFailure("a norm is a vector")
        }
    }
}
