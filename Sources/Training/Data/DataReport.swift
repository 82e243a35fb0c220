/// What reading data files gave.
public struct DataReport: Sendable, Equatable {
    /// How many bad rows are kept with their reasons.
    public static let shownBadRows = 10

    /// Each file with the form that was found in it and its good rows.
    public var files: [FileReport] = []
    /// Rows as they are trained on.
    public var rows = 0
    /// Their tokens.
    public var tokens = 0
    /// Those of them that enter the loss.
    public var trainedTokens = 0
    /// Tokens of the longest row.
    public var longest = 0
    /// Rows that were cut to the context.
    public var cut = 0
    /// Answers that stand behind another text than serving would give the model (see ``EncodedRow/rewritten``).
    public var rewritten = 0
    /// Rows that were left out.
    public var bad = 0
    /// The first of these.
    public var firstBad: [BadRow] = []

    /// A file of data.
    public struct FileReport: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// The form of its rows; nil while none was good.
        public var form: DatasetForm?
        /// Its rows that could be read.
        public var rows = 0
    }

    /// Nothing read yet.
    public init() {}

    mutating func count(_ example: EncodedExample) {
        rows += 1
        tokens += example.tokenCount
        trainedTokens += example.trainedCount
        longest = max(longest, example.length)
    }

    mutating func count(bad row: BadRow) {
        bad += 1
        if firstBad.count < Self.shownBadRows { firstBad.append(row) }
    }
}
