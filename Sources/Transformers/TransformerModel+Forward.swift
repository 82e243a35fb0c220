import ModelFormats
public import Tensors

/// The next tokens of one sequence within a step.
public struct SequenceStep: Sendable {
    /// Which positions' logits are wanted.
    public enum Logits: Sendable, Equatable {
        case none, last, all
        /// Those of this position of the sequence and of all behind it.
        case from(Int)
    }

    /// What the sequence has seen so far; grows by the step's tokens.
    public let cache: KeyValueCache
    /// Ids at positions `cache.count`, `cache.count` + 1, …
    public let tokens: [Int]
    /// Which logits are returned.
    public let logits: Logits

    /// A step; see the properties.
    public init(cache: KeyValueCache, tokens: [Int], logits: Logits) {
        self.cache = cache
        self.tokens = tokens
        self.logits = logits
    }

    /// The rows of its segment whose logits are wanted.
    func wantedRows(_ segment: AttentionSegment) -> Range<Int> {
        let rows = segment.rows
        switch logits {
        case .none: return rows.upperBound..<rows.upperBound
        case .last: return rows.upperBound - 1..<rows.upperBound
        case .all: return rows
        case .from(let position):
            // Bounded first: any number may stand there.
            let bounded = min(max(position, segment.firstPosition), segment.firstPosition + rows.count)
            return rows.lowerBound + bounded - segment.firstPosition..<rows.upperBound
        }
    }
}

extension TransformerModel {
    /// One step for any number of sequences: their tokens are computed together, each against its own cache.
    ///
    /// What comes out for a sequence does not depend, to the last bit, on its neighbours, on how its tokens were cut
    /// into steps, or on the number of threads.
    ///
    /// - Returns: for each sequence the logits of the wanted positions, each [V].
    /// - Throws: `TransformerError`; the caches are unchanged then.
    public func forward(
        _ sequences: [SequenceStep], workspace: Workspace, pool: WorkerPool
    ) throws -> [[[Float]]] {
        let batch = try batch(of: sequences, workspace: workspace)
        let wanted = zip(sequences.indices, sequences).flatMap { index, sequence in
            sequence.wantedRows(batch.segments[index]).map { (sequence: index, row: $0) }
        }
        // logits = Out · norm(h) for the wanted rows, in passes of `logitRows`; the first one within the same region.
        let first = wanted.prefix(workspace.logitRows)
        pool.run { worker in
            self.blocks(batch, workspace, worker)
            if !first.isEmpty { self.output(first.map(\.row), workspace, worker) }
        }
        var result = [[[Float]]](repeating: [], count: sequences.count)
        for start in stride(from: 0, to: wanted.count, by: workspace.logitRows) {
            let pass = wanted[start..<min(start + workspace.logitRows, wanted.count)]
            if start > 0 { pool.run { worker in self.output(pass.map(\.row), workspace, worker) } }
            for (place, item) in pass.enumerated() {
                let row = workspace.logits.array(place * vocabularySize..<(place + 1) * vocabularySize)
                if !row.allFinite { throw TransformerError.notANumber(sequence: item.sequence) }
                result[item.sequence].append(row)
            }
        }
        return result
    }

    /// A step without its output matrix: the normed states of all its tokens are left in `workspace.normed`.
    /// - Returns: for each sequence where its rows lie.
    func compute(
        _ sequences: [SequenceStep], workspace: Workspace, pool: WorkerPool
    ) throws -> [AttentionSegment] {
        let batch = try batch(of: sequences, workspace: workspace)
        pool.run { worker in self.blocks(batch, workspace, worker) }
        return batch.segments
    }

    /// The sequences' tokens as rows of one matrix, with room in their caches.
    private func batch(of sequences: [SequenceStep], workspace: Workspace) throws -> Batch {
        let tokens = sequences.flatMap(\.tokens)
        try check(sequences, tokens: tokens, workspace: workspace)
        var segments: [AttentionSegment] = []
        var rows = 0
        for sequence in sequences {
            let first = sequence.cache.count
            try sequence.cache.reserve(positions: first + sequence.tokens.count)
            segments.append(
                AttentionSegment(
                    cache: sequence.cache, firstPosition: first, rows: rows..<rows + sequence.tokens.count))
            rows += sequence.tokens.count
        }
        return Batch(tokens: tokens, segments: segments)
    }

    /// Logits of these rows into `workspace.logits`.
    private func output(_ rows: [Int], _ s: Workspace, _ worker: Worker) {
        let output = Projection(weights: weights.output, output: s.logits)
        project([.init(output, adapter?.head)], rows: rows.count, s, worker) {
            worker.project($0, s.normed, inputRows: rows)
        }
        if let cap = configuration.logitSoftCap {
            worker.softCap(s.logits, cap: cap, count: rows.count * vocabularySize)
        }
    }

    private func check(_ sequences: [SequenceStep], tokens: [Int], workspace: Workspace) throws {
        guard (1...workspace.rows).contains(tokens.count), !sequences.contains(where: { $0.tokens.isEmpty }) else {
            throw TransformerError.batchSize(tokens: tokens.count, limit: workspace.rows)
        }
        if let id = tokens.first(where: { !(0..<vocabularySize).contains($0) }) {
            throw TransformerError.unknownToken(id: id, vocabulary: vocabularySize)
        }
        for sequence in sequences {
            let end = sequence.cache.count + sequence.tokens.count
            if end > configuration.contextLength {
                throw TransformerError.contextExceeded(positions: end, limit: configuration.contextLength)
            }
        }
    }
}

extension [Float] {
    /// Whether no value is infinite or not a number; by the bits, whose largest is found faster than by comparing.
    fileprivate var allFinite: Bool {
        var largest: UInt32 = 0
        for value in self { largest = Swift.max(largest, value.bitPattern & 0x7FFF_FFFF) }
        return largest < 0x7F80_0000
    }
}
