/// Makes tuning rows from a company's documents without another model's help: passages as the assistant would show
/// them, a question, and the sentence that answers it, or the refusal.
///
/// Each group of rows shows what the index really finds for one question. The other rows of the group ask about its
/// other passages, and beside them. So a model learns to find the sentence among others, to say it as it stands, and to
/// refuse where it is missing; the prompt is the assistant's own. Cost: one search for each group.
public struct TuningRowMaker: Sendable {
    /// What rows are made.
    public struct Configuration: Sendable {
        /// How many rows.
        public var rows = 320
        /// Share of rows whose answer is the refusal, 0…1.
        public var unanswerable = 0.3
        /// How many questions share passages.
        public var questionsPerGroup = 8
        /// Passages that are shown, and their characters altogether: as the assistant is set.
        public var passages = 3
        /// How many characters all passages together may have.
        public var passageCharacters = 1400
        /// How passages and question are put to the model.
        public var style = PromptStyle.standard
        /// The company's own system text.
        public var systemText = ""
        /// Start of the choices: the same seed gives the same rows.
        public var seed: UInt64 = 1

        /// The defaults.
        public init() {}
    }

    /// Where passages are found.
    public var index: PassageIndex
    /// What rows are made.
    public var configuration: Configuration

    /// Makes the value from its parts.
    public init(index: PassageIndex, configuration: Configuration = Configuration()) {
        self.index = index
        self.configuration = configuration
    }

    /// Makes the rows.
    /// - Parameters:
    ///   - known: questions whose answers are known; they are rows too.
    ///   - heldOut: questions that the tuned model will be measured on; no row asks them.
    ///   - progress: called with the rows made so far.
    /// - Throws: what the store throws; `TuningRowError.nothingToAsk` where the documents give no question.
    public func rows(
        known: [ListedQuestion] = [], heldOut: [ListedQuestion] = [], progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> TuningRows {
        var assembly = try await RowAssembly(index: index, configuration: configuration, heldOut: heldOut)
        guard assembly.hasDrafts || !known.isEmpty else { throw TuningRowError.nothingToAsk(index: index.name) }
        var rows = try await assembly.rows(known: known, progress: progress)
        if !heldOut.isEmpty { rows.coverage = try await assembly.coverage(of: heldOut) }
        return rows
    }
}

/// Why no rows could be made.
public enum TuningRowError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No sentence, table or list of the documents gives a question.
    case nothingToAsk(index: String)
    /// A line of a file of further rows is no dialogue.
    case badRow(path: String, line: Int)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .nothingToAsk(let index):
            "The documents of index \(index) give no questions: no tables, headings or sentences with numbers or rules. "
                + "Add documents, or give a question list with --questions."
        case .badRow(let path, let line):
            "\(path), line \(line): expected {\"messages\": [{\"role\": …, \"content\": …}, …]} ending with the assistant."
        }
    }
}
