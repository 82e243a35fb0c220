import Tokenizers

/// Pairs and judged completions.
extension RowEncoder {
    /// Two answers to one prompt.
    public func pair(
        chosen: DatasetExample.Answered, rejected: DatasetExample.Answered
    ) throws(RowProblem) -> PreferencePair {
        let first = try ids(chosen)
        let second = try ids(rejected)
        guard first.prompt == second.prompt else { throw .promptsDiffer }
        guard first.completion != second.completion else { throw .answersEqual }
        let pair = PreferencePair(prompt: first.prompt, chosen: first.completion, rejected: second.completion)
        return try fitted(pair)
    }

    /// A judged answer.
    public func judged(_ answer: DatasetExample.Answered, isWanted: Bool) throws(RowProblem) -> JudgedCompletion {
        let found = try ids(answer)
        return try fitted(JudgedCompletion(prompt: found.prompt, completion: found.completion, isWanted: isWanted))
    }

    /// A pair that fits the context: its answers are cut where that is asked for, prompts never.
    func fitted(_ pair: PreferencePair) throws(RowProblem) -> PreferencePair {
        var pair = pair
        pair.chosen = try fitted(pair.chosen, behind: pair.prompt)
        pair.rejected = try fitted(pair.rejected, behind: pair.prompt)
        return pair
    }

    func fitted(_ judged: JudgedCompletion) throws(RowProblem) -> JudgedCompletion {
        var judged = judged
        judged.completion = try fitted(judged.completion, behind: judged.prompt)
        return judged
    }

    private func fitted(_ completion: [Int32], behind prompt: [Int32]) throws(RowProblem) -> [Int32] {
        let count = prompt.count + completion.count
        guard let context = settings.context, count > context else { return completion }
        guard settings.longRows == .cut else { throw .tooLong(tokens: count, context: context) }
        guard prompt.count < context else { throw .nothingSupervised }
        return Array(completion.prefix(context - prompt.count))
    }

    /// A prompt as serving encodes it, and the answer's tokens with the one that ends the turn. The two are encoded
    /// apart, since that is how they meet when the model answers.
    private func ids(_ answer: DatasetExample.Answered) throws(RowProblem) -> (prompt: [Int32], completion: [Int32]) {
        switch answer {
        case .completion(let prompt, let completion):
            return try completionIDs(prompt: prompt, completion: completion)
        case .conversation(let conversation):
            guard let finder else { throw .noChatTemplate }
            var last = conversation
            let message = last.isTrained.lastIndex(of: true) ?? last.messages.count - 1
            for index in last.isTrained.indices { last.isTrained[index] = index == message }
            let rendered = try finder.render(last)
            guard let span = rendered.spans.last else { throw .nothingSupervised }
            let prompt = encoded(rendered.pieces, 0..<span.bytes.lowerBound)
            let completion = encoded(rendered.pieces, span.bytes)
            guard !prompt.isEmpty else { throw .empty(key: "prompt") }
            guard let stop = completion.last, tokenizer.endOfGenerationTokens.contains(Int(stop)) else {
                throw .stopTokenMasked(message: span.message)
            }
            return (prompt, completion)
        }
    }

    /// The tokens of a part of a rendered conversation.
    private func encoded(_ pieces: [(text: String, isQuoted: Bool)], _ range: Range<Int>) -> [Int32] {
        var ids: [Int32] = []
        var offset = 0
        for piece in pieces {
            let bytes = Array(piece.text.utf8)
            let part = range.clamped(to: offset..<(offset + bytes.count))
            if !part.isEmpty {
                let text = String(
                    decoding: bytes[(part.lowerBound - offset)..<(part.upperBound - offset)], as: UTF8.self)
                let isControl = settings.parsesControlTexts || !piece.isQuoted
                ids += tokenizer.encode(text, addSpecial: false, parseSpecial: isControl)
                    .map { Int32(truncatingIfNeeded: $0) }
            }
            offset += bytes.count
        }
        return ids
    }
}
