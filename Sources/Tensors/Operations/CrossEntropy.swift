internal import CKernels

/// What a row of logits should have predicted.
public struct LabelTarget: Sendable, Equatable {
    /// Row of the logits.
    public var row: Int
    /// The token that followed.
    public var label: Int
    /// How much −log p of it counts: the gradient of the loss by −log p.
    public var weight: Float

    /// See the properties.
    public init(row: Int, label: Int, weight: Float) {
        self.row = row
        self.label = label
        self.weight = weight
    }
}

extension Worker {
    /// log softmax(logits[row])[label] for each target, and, where `turns`, the gradient in place of the logits:
    /// Σ over a row's targets of weight · (softmax − one at the label). Ends with a barrier.
    ///
    /// - Parameters:
    ///   - logits: [rows, vocabulary]; each row is shifted by its maximum.
    ///   - targets: in order of rows.
    ///   - logProbabilities: one for each target.
    public func crossEntropy(
        _ logits: MatrixView, targets: ArraySlice<LabelTarget>, logProbabilities: FloatBuffer, at first: Int,
        turns: Bool
    ) {
        precondition(targets.count + first <= logProbabilities.count && first >= 0, "targets out of range")
        var starts: [Int] = []
        for (index, target) in zip(targets.indices, targets) {
            precondition(target.row >= 0 && target.row < logits.rows, "row out of range")
            precondition(target.label >= 0 && target.label < logits.columns, "label out of range")
            if index == targets.startIndex || target.row != targets[index - 1].row { starts.append(index) }
        }
        precondition(!turns || starts.count == logits.rows, "a row of logits without a target")
        let kernels = unsafe ck_training(set.table)
        forEachChunk(starts.count) { chunk in
            let own = targets[starts[chunk]..<(chunk + 1 < starts.count ? starts[chunk + 1] : targets.endIndex)]
            let row = unsafe logits.base + targets[starts[chunk]].row * logits.stride, n = logits.columns
            let most = unsafe kernels.pointee.maximum(row, 1, n)
            let labels = own.map { unsafe row[$0.label] }
            let sum = unsafe kernels.pointee.exponentials(row, 1, most, n, row)
            let logSum = ck_log(Double(sum))
            var weight: Float = 0
            for (place, target) in own.enumerated() {
                let value = Double(labels[place]) - Double(most) - logSum
                logProbabilities[first + own.startIndex - targets.startIndex + place] = Float(value)
                weight += target.weight
            }
            guard turns else { return }
            unsafe kernels.pointee.scale(weight / sum, row, n, row)
            for target in own { unsafe row[target.label] -= target.weight }
        }
        barrier()
    }
}
