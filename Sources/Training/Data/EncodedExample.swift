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

/// What one row of a file gave.
public struct EncodedRow: Sendable, Equatable {
    /// One row, pair or judged completion; of a split text several rows.
    public var examples: [EncodedExample]
    /// Whether tokens were cut off to fit the context.
    public var isCut = false
    /// Answers that the template writes behind another text than serving would give the model: templates that rewrite
    /// earlier turns. `EncodingSettings.TrainedAnswers.separate` avoids them.
    public var rewritten = 0
}

extension RowEncoder {
    /// What an example becomes.
    public func encode(_ example: DatasetExample) throws(RowProblem) -> EncodedRow {
        switch example {
        case .row(let row):
            // Given labels are the reader's own business: rows without trained tokens are valid.
            let fitted = try fitted(row)
            return EncodedRow(examples: [.row(fitted.row)], isCut: fitted.isCut)
        case .pair(let pair): return one(.pair(try fitted(pair)), of: .pair(pair))
        case .judgedIDs(let judged): return one(.judged(try fitted(judged)), of: .judged(judged))
        case .preference(let chosen, let rejected):
            return EncodedRow(examples: [.pair(try pair(chosen: chosen, rejected: rejected))])
        case .judged(let answer, let isWanted):
            return EncodedRow(examples: [.judged(try judged(answer, isWanted: isWanted))])
        case .conversation(let conversation):
            var rows: [TrainingRow] = []
            var rewritten = 0
            for part in parts(of: conversation) {
                let counted = try counted(part)
                rows.append(counted.row)
                rewritten += counted.rewritten
            }
            return try supervised(rows, rewritten: rewritten)
        case .completion(let prompt, let completion):
            return try supervised([try row(prompt: prompt, completion: completion)])
        case .text(let text): return try supervised(try rows(text: text))
        }
    }

    private func one(_ fitted: EncodedExample, of whole: EncodedExample) -> EncodedRow {
        EncodedRow(examples: [fitted], isCut: fitted != whole)
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

    private func supervised(_ rows: [TrainingRow], rewritten: Int = 0) throws(RowProblem) -> EncodedRow {
        var encoded = EncodedRow(examples: [], rewritten: rewritten)
        for row in rows {
            guard row.trainedCount > 0 else { throw .nothingSupervised }
            let fitted = try fitted(row)
            guard fitted.row.trainedCount > 0 else { throw .nothingSupervised }
            encoded.isCut = encoded.isCut || fitted.isCut
            encoded.examples.append(.row(fitted.row))
        }
        return encoded
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
