/// One row to train on: tokens, and for each position what it must have predicted.
///
/// `labels` is aligned with `tokens`: `labels[t]` is what position t − 1 predicts, `TrainingRow.ignored` where
/// nothing is trained. A label may differ from its token; the label of the first position has no predictor and is
/// never trained.
public struct TrainingRow: Sendable, Equatable {
    /// The label of a token that is not trained (PyTorch's `ignore_index`).
    public static let ignored: Int32 = -100

    /// Token ids.
    public var tokens: [Int32]
    /// One label per token: a token id, or `ignored`.
    public var labels: [Int32]
    /// Packed rows: positions restart at 0 with each document, and a position sees its own document only.
    /// Nil: one document, positions 0, 1, 2, …
    public var positions: [Int32]?

    /// A row; the three arrays must be equally long.
    public init(tokens: [Int32], labels: [Int32], positions: [Int32]? = nil) {
        self.tokens = tokens
        self.labels = labels
        self.positions = positions
    }

    /// How many tokens enter the loss: labels that are not ignored, the first position of each document excepted.
    public var trainedCount: Int {
        var count = 0
        for index in labels.indices where labels[index] != Self.ignored && !startsDocument(index) { count += 1 }
        return count
    }

    /// Whether a document starts at this position.
    public func startsDocument(_ index: Int) -> Bool {
        guard let positions, positions.indices.contains(index) else { return index == 0 }
        return index == 0 || positions[index] == 0
    }
}

/// A prompt with an answer that is preferred and one that is not (DPO, IPO, ORPO, SimPO, CPO), as token ids.
public struct PreferencePair: Sendable, Equatable {
    /// What both answers follow.
    public var prompt: [Int32]
    /// The preferred answer.
    public var chosen: [Int32]
    /// The other answer.
    public var rejected: [Int32]

    /// A pair.
    public init(prompt: [Int32], chosen: [Int32], rejected: [Int32]) {
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
    }
}

/// A prompt with an answer and whether the answer is wanted (KTO), as token ids.
public struct JudgedCompletion: Sendable, Equatable {
    /// What the answer follows.
    public var prompt: [Int32]
    /// The answer.
    public var completion: [Int32]
    /// Whether the answer is one to learn.
    public var isWanted: Bool

    /// A judged answer.
    public init(prompt: [Int32], completion: [Int32], isWanted: Bool) {
        self.prompt = prompt
        self.completion = completion
        self.isWanted = isWanted
    }
}
