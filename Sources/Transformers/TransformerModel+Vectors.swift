public import ModelFormats
public import Tensors

extension TransformerModel {
    /// The states after the last norm, of the positions whose logits a step would give: what the output matrix takes.
    ///
    /// - Returns: for each sequence [wanted positions, E], flat.
    /// - Throws: `TransformerError`; the caches are unchanged then.
    public func states(
        _ sequences: [SequenceStep], workspace: Workspace, pool: WorkerPool
    ) throws -> [[Float]] {
        let width = configuration.embeddingLength
        let segments = try compute(sequences, workspace: workspace, pool: pool)
        return try zip(sequences, segments).enumerated().map { index, item in
            let (sequence, segment) = item
            let rows = sequence.wantedRows(segment)
            let states = workspace.normed.values.array(rows.lowerBound * width..<rows.upperBound * width)
            guard states.allSatisfy(\.isFinite) else { throw TransformerError.notANumber(sequence: index) }
            return states
        }
    }

    /// One vector for each text, from its states after the last norm by this pooling. Texts may be longer than a step.
    ///
    /// What comes out for a text does not depend, to the last bit, on its neighbours, the size of steps or the number
    /// of threads. Memory: a page of keys and values for each text of a step, at most about 256 MiB in all.
    ///
    /// - Parameters:
    ///   - texts: token ids, special tokens included; none is empty.
    ///   - normalised: whether a vector is brought to length 1.
    public func vectors(
        of texts: [[Int]], pooling: Pooling, normalised: Bool = true, workspace: Workspace, pool: WorkerPool
    ) throws -> [[Float]] {
        var sums = texts.map { _ in PooledStates(width: configuration.embeddingLength, pooling) }
        var step: [(text: Int, part: SequenceStep)] = []
        var rows = 0
        func flush() throws {
            let states = try states(step.map(\.part), workspace: workspace, pool: pool)
            for (item, part) in zip(step, states) { sums[item.text].add(part) }
            (step, rows) = ([], 0)
        }
        for (index, text) in texts.enumerated() {
            let cache = try makeCache()
            let most = max(1, Self.vectorCacheBytes / max(1, cache.pageBytes))
            var start = 0
            repeat {
                if rows == workspace.rows || step.count == most { try flush() }
                let end = min(text.count, start + workspace.rows - rows)
                let wanted: SequenceStep.Logits =
                    switch pooling {
                    case .mean: .all
                    case .cls: start == 0 ? .all : .none
                    case .last: end == text.count ? .last : .none
                    }
                step.append((index, SequenceStep(cache: cache, tokens: Array(text[start..<end]), logits: wanted)))
                rows += end - start
                start = end
            } while start < text.count
        }
        if !step.isEmpty { try flush() }
        return sums.map { normalised ? $0.unitVector : $0.vector }
    }

    private static var vectorCacheBytes: Int { 256 << 20 }
}
