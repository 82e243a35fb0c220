/// What a row of a file becomes.
public enum EncodedExample: Sendable, Equatable {
    /// A row of tokens and labels.
    case row(TrainingRow)
    /// A preference pair.
    case pair(PreferencePair)
    /// A judged completion.
    case judged(JudgedCompletion)

    /// Its tokens, both answers of a pair counted.
    public var tokenCount: Int {
        switch self {
        case .row(let row): row.tokens.count
        case .pair(let pair): pair.prompt.count + pair.chosen.count + pair.rejected.count
        case .judged(let judged): judged.prompt.count + judged.completion.count
        }
    }

    /// How many of them enter the loss.
    public var trainedCount: Int {
        switch self {
        case .row(let row): row.trainedCount
        case .pair(let pair): pair.chosen.count + pair.rejected.count
        case .judged(let judged): judged.completion.count
        }
    }

    /// Tokens of the longest sequence that it is.
    public var length: Int {
        switch self {
        case .row(let row): row.tokens.count
        case .pair(let pair): pair.prompt.count + max(pair.chosen.count, pair.rejected.count)
        case .judged(let judged): judged.prompt.count + judged.completion.count
        }
    }
}

extension RowEncoder {
    /// What an example becomes: one row, pair or judged completion, of a split text several rows.
    ///
    /// - Returns: `isCut` where tokens were cut off to fit the context.
    public func encode(_ example: DatasetExample) throws(RowProblem) -> (examples: [EncodedExample], isCut: Bool) {
        switch example {
        case .row(let row):
            // Given labels are the reader's own business: rows without trained tokens are valid.
            let fitted = try fitted(row)
            return ([.row(fitted.row)], fitted.isCut)
        case .pair(let pair): return one(.pair(try fitted(pair)), of: .pair(pair))
        case .judgedIDs(let judged): return one(.judged(try fitted(judged)), of: .judged(judged))
        case .preference(let chosen, let rejected):
            let pair = try pair(chosen: chosen, rejected: rejected)
            return ([.pair(pair)], false)
        case .judged(let answer, let isWanted): return ([.judged(try judged(answer, isWanted: isWanted))], false)
        case .conversation(let conversation):
            var rows: [TrainingRow] = []
            for part in parts(of: conversation) { rows.append(try row(part)) }
            return try supervised(rows)
        case .completion(let prompt, let completion):
            return try supervised([try row(prompt: prompt, completion: completion)])
        case .text(let text): return try supervised(try rows(text: text))
        }
    }

    private func one(_ fitted: EncodedExample, of whole: EncodedExample) -> ([EncodedExample], Bool) {
        ([fitted], fitted != whole)
    }

    /// The conversations that one is trained as: itself, or one for each answer.
    private func parts(of conversation: Conversation) -> [Conversation] {
        guard settings.trainedAnswers == .separate else { return [conversation] }
        let answers = conversation.isTrained.indices.filter { conversation.isTrained[$0] }
        guard answers.count > 1 else { return [conversation] }
        return answers.map { last in
            Conversation(
                messages: Array(conversation.messages[...last]), tools: conversation.tools,
                isTrained: (0...last).map { $0 == last })
        }
    }

    private func supervised(_ rows: [TrainingRow]) throws(RowProblem) -> ([EncodedExample], Bool) {
        var examples: [EncodedExample] = []
        var isCut = false
        for row in rows {
            guard row.trainedCount > 0 else { throw .nothingSupervised }
            let fitted = try fitted(row)
            guard fitted.row.trainedCount > 0 else { throw .nothingSupervised }
            isCut = isCut || fitted.isCut
            examples.append(.row(fitted.row))
        }
        return (examples, isCut)
    }

    private func fitted(_ row: TrainingRow) throws(RowProblem) -> (row: TrainingRow, isCut: Bool) {
        guard let context = settings.context, row.tokens.count > context else { return (row, false) }
        guard settings.longRows == .cut else { throw .tooLong(tokens: row.tokens.count, context: context) }
        return (
            TrainingRow(
                tokens: Array(row.tokens.prefix(context)), labels: Array(row.labels.prefix(context)),
                positions: row.positions.map { Array($0.prefix(context)) }), true
        )
    }
}
