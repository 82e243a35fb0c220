public import ChatTemplates
public import Tokenizers

/// How rows become tokens.
public struct EncodingSettings: Sendable {
    /// What happens to a row that is longer than the context.
    public enum LongRows: String, Sendable, CaseIterable {
        /// It is a bad row.
        case refuse
        /// Its end is cut off.
        case cut
        /// A plain text is split into as many rows as it needs; other rows are bad.
        case split
    }

    /// Which answers of a conversation are trained.
    public enum TrainedAnswers: String, Sendable, CaseIterable {
        /// Every answer that its row does not exclude.
        case all
        /// The last of these.
        case last
        /// Every answer in a row of its own that ends with it: what templates need that rewrite earlier turns.
        case separate
    }

    /// Most tokens of a row; nil: any number.
    public var context: Int?
    /// What happens to longer rows.
    public var longRows = LongRows.refuse
    /// Which answers are trained.
    public var trainedAnswers = TrainedAnswers.all
    /// Whether a control token's text inside a message is the control token. Serving never takes it so.
    public var parsesControlTexts = false
    /// What the template gets besides messages, tools and the texts of BOS and EOS.
    public var variables: [(String, TemplateValue)] = []
    /// Number of rows of the embedding: given ids must be below. Nil: the vocabulary's size.
    public var vocabularySize: Int?

    /// Serving's ways.
    public init() {}
}

/// Turns examples into rows of tokens with the model's own tokenizer and chat template.
public struct RowEncoder: Sendable {
    let tokenizer: Tokenizer
    let settings: EncodingSettings
    let finder: AnswerFinder?

    /// Most ids: those of given rows must be below.
    public var vocabularySize: Int { settings.vocabularySize ?? tokenizer.vocabularySize }

    /// An encoder for a model.
    ///
    /// - Parameters:
    ///   - template: the model's chat template; without one conversations are bad rows.
    ///   - now: what `strftime_now` reads. To be kept with the run: another day makes other tokens.
    public init(
        tokenizer: Tokenizer, template: ChatTemplate?, settings: EncodingSettings = .init(), now: TemplateDate
    ) {
        self.tokenizer = tokenizer
        self.settings = settings
        let texts: [String] = [String(tokenizer.bosText), String(tokenizer.eosText)]
        let control = (0..<tokenizer.vocabularySize).filter { tokenizer.type(of: $0) == .control }
            .compactMap { tokenizer.text(of: $0) }
        finder = template.map { template in
            AnswerFinder(
                template: template, controlTexts: control,
                stopTexts: tokenizer.endOfGenerationTokens.sorted().compactMap { tokenizer.text(of: $0) },
                variables: [("bos_token", .string(texts[0])), ("eos_token", .string(texts[1]))] + settings.variables,
                now: now)
        }
    }

    /// The row of a conversation: the tokens of the whole rendered text, the answers trained.
    public func row(_ conversation: Conversation) throws(RowProblem) -> TrainingRow {
        try counted(conversation).row
    }

    /// The row of a conversation, and how many of its answers stand behind another text than the one that serving
    /// would give the model.
    func counted(_ conversation: Conversation) throws(RowProblem) -> (row: TrainingRow, rewritten: Int) {
        let encoded = try encoded(conversation)
        var trained = [Bool](repeating: false, count: encoded.tokens.count)
        for span in encoded.spans {
            var hasStop = false
            // Tokens are in order, so the first inside is found by halving.
            var index = encoded.tokens.partitioningIndex { $0.bytes.lowerBound >= span.bytes.lowerBound }
            while index < encoded.tokens.count, encoded.tokens[index].bytes.upperBound <= span.bytes.upperBound {
                let token = encoded.tokens[index]
                trained[index] = true
                if token.bytes == span.stop, tokenizer.endOfGenerationTokens.contains(token.id) { hasStop = true }
                if token.bytes.lowerBound >= span.bytes.upperBound { trained[index] = false }
                index += 1
            }
            guard hasStop else { throw .stopTokenMasked(message: span.message) }
        }
        let tokens = encoded.tokens.map { Int32(truncatingIfNeeded: $0.id) }
        let row = TrainingRow(tokens: tokens, labels: zip(tokens, trained).map { $1 ? $0 : TrainingRow.ignored })
        return (row, encoded.spans.count { !$0.isContinuation })
    }

    /// The rows of a plain text: everything trained, its end too.
    public func rows(text: String) throws(RowProblem) -> [TrainingRow] {
        let end = try endOfText()
        var tokens = tokenizer.encode(text, addSpecial: true, parseSpecial: false).map { Int32(truncatingIfNeeded: $0) }
        guard !text.isEmpty, !tokens.isEmpty else { throw .empty(key: "text") }
        if tokens.last != end { tokens.append(end) }
        guard settings.longRows == .split, let context = settings.context, tokens.count > context else {
            return [Self.allTrained(tokens)]
        }
        // The first token of a part is trained nowhere: parts overlap by one token, so that each is predicted once.
        var rows: [TrainingRow] = []
        var start = 0
        while start + 1 < tokens.count, context > 1 {
            let stop = min(start + context, tokens.count)
            rows.append(Self.allTrained(Array(tokens[start..<stop])))
            start = stop - 1
        }
        return rows
    }

    /// The row of a completion behind a prompt: the completion and the end of text are trained.
    public func row(prompt: String, completion: String) throws(RowProblem) -> TrainingRow {
        let parts = try completionIDs(prompt: prompt, completion: completion)
        let ignored = [Int32](repeating: TrainingRow.ignored, count: parts.prompt.count)
        return TrainingRow(tokens: parts.prompt + parts.completion, labels: ignored + parts.completion)
    }

    private static func allTrained(_ tokens: [Int32]) -> TrainingRow {
        var labels = tokens
        if !labels.isEmpty { labels[0] = TrainingRow.ignored }
        return TrainingRow(tokens: tokens, labels: labels)
    }

    func endOfText() throws(RowProblem) -> Int32 {
        guard let id = tokenizer.eosID else { throw .noEndOfText }
        return Int32(truncatingIfNeeded: id)
    }

    /// The ids of a prompt, as generation encodes it, and of what follows it with the end of text.
    func completionIDs(
        prompt: String, completion: String
    ) throws(RowProblem) -> (prompt: [Int32], completion: [Int32]) {
        let end = try endOfText()
        func ids(_ tokens: [Int]) -> [Int32] { tokens.map { Int32(truncatingIfNeeded: $0) } }
        var first = tokenizer.encode(prompt, addSpecial: true, parseSpecial: false)
        if tokenizer.addsEOS, first.last == tokenizer.eosID { first.removeLast() }
        guard !first.isEmpty else { throw .empty(key: "prompt") }
        guard !completion.isEmpty else { throw .empty(key: "completion") }
        // A vocabulary that puts a space before every text would put one between the two: encode them together there.
        guard tokenizer.definition.model != .bytePairEncoding else {
            let second = tokenizer.encode(completion, addSpecial: false, parseSpecial: false)
            return (ids(first), ids(second) + [end])
        }
        let start = prompt.utf8.count
        var joined = tokenizer.encodeAligned(prompt + completion, addSpecial: true, parseSpecial: false)
        if tokenizer.addsEOS, joined.last?.id == tokenizer.eosID { joined.removeLast() }
        let second = joined.filter { $0.bytes.lowerBound >= start }.map(\.id)
        let head = joined.prefix(joined.count - second.count).map(\.id)
        guard !second.isEmpty else { throw .empty(key: "completion") }
        return (ids(head), ids(second) + [end])
    }

    /// The tokens of a conversation with their bytes in the rendered text, and the trained spans.
    func encoded(_ conversation: Conversation) throws(RowProblem) -> (tokens: [AlignedToken], spans: [AnswerSpan]) {
        guard let finder else { throw .noChatTemplate }
        var conversation = conversation
        if settings.trainedAnswers != .all, let last = conversation.isTrained.lastIndex(of: true) {
            for index in conversation.isTrained.indices { conversation.isTrained[index] = index == last }
        }
        let rendered = try finder.render(conversation)
        guard !settings.parsesControlTexts else {
            return (tokenizer.encodeAligned(rendered.text, addSpecial: false, parseSpecial: true), rendered.spans)
        }
        var tokens: [AlignedToken] = []
        var offset = 0
        for piece in rendered.pieces {
            for token in tokenizer.encodeAligned(piece.text, addSpecial: false, parseSpecial: !piece.isQuoted) {
                let bytes = (token.bytes.lowerBound + offset)..<(token.bytes.upperBound + offset)
                tokens.append(AlignedToken(id: token.id, bytes: bytes))
            }
            offset += piece.text.utf8.count
        }
        return (tokens, rendered.spans)
    }
}

extension Array {
    /// The first index whose element is of the second part, in an array whose elements are first of one, then of the
    /// other part.
    func partitioningIndex(_ isSecond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
