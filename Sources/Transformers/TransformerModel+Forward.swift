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
        let segments = try compute(sequences, workspace: workspace, pool: pool)
        return try logits(of: sequences, segments: segments, workspace: workspace, pool: pool)
    }

    /// A step without its output matrix: the normed states of all its tokens are left in `workspace.normed`.
    /// - Returns: for each sequence where its rows lie.
    func compute(
        _ sequences: [SequenceStep], workspace: Workspace, pool: WorkerPool
    ) throws -> [AttentionSegment] {
        let tokens = sequences.flatMap(\.tokens)
        try check(sequences, tokens: tokens, workspace: workspace)
        var segments: [AttentionSegment] = []
        var positions: [Int] = []
        for sequence in sequences {
            let first = sequence.cache.count
            try sequence.cache.reserve(positions: first + sequence.tokens.count)
            let rows = positions.count..<positions.count + sequence.tokens.count
            segments.append(AttentionSegment(cache: sequence.cache, firstPosition: first, rows: rows))
            positions += first..<first + sequence.tokens.count
        }
        let batch = Batch(tokens: tokens, positions: positions, segments: segments)
        pool.run { worker in self.blocks(batch, workspace, worker) }
        return segments
    }

    /// logits = Out · norm(h) for the wanted rows, in passes of `logitRows`.
    private func logits(
        of sequences: [SequenceStep], segments: [AttentionSegment], workspace s: Workspace, pool: WorkerPool
    ) throws -> [[[Float]]] {
        var result = [[[Float]]](repeating: [], count: sequences.count)
        var wanted: [(sequence: Int, row: Int)] = []
        for (index, sequence) in sequences.enumerated() {
            let rows = segments[index].rows
            switch sequence.logits {
            case .none: break
            case .last: wanted.append((index, rows.upperBound - 1))
            case .all: wanted += rows.map { (index, $0) }
            case .from(let position):
                let first = segments[index].firstPosition
                wanted += rows.filter { first + $0 - rows.lowerBound >= position }.map { (index, $0) }
            }
        }
        for start in stride(from: 0, to: wanted.count, by: s.logitRows) {
            let pass = wanted[start..<min(start + s.logitRows, wanted.count)]
            let rows = pass.map(\.row)
            pool.run { worker in
                let output = Projection(weights: self.weights.output, output: s.logits)
                self.project([.init(output, self.adapter?.head)], rows: rows.count, s, worker) {
                    worker.project($0, s.normed, inputRows: rows)
                }
                if let cap = self.configuration.logitSoftCap {
                    worker.softCap(s.logits, cap: cap, count: rows.count * self.vocabularySize)
                }
            }
            for (place, item) in pass.enumerated() {
                let row = s.logits.array(place * vocabularySize..<(place + 1) * vocabularySize)
                if !row.allFinite { throw TransformerError.notANumber(sequence: item.sequence) }
                result[item.sequence].append(row)
            }
        }
        return result
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
