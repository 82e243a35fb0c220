import ChatTemplates
import ModelFormats
import Tensors
import Tokenizers
import Transformers

/// A decoder that is asked whether a passage meets a query: score = p(yes) / (p(yes) + p(no)) of the next token
/// (Qwen3-Reranker, Zhang et al., 2025).
struct RelevanceJudge {
    /// What one passage is asked with.
    struct Question {
        let tokens: [Int]
        let truncated: Bool
    }

    /// What is common to all questions of a query, computed once.
    struct Beginning {
        let cache: KeyValueCache
        /// Takes a copy for each passage.
        let scratch: KeyValueCache
    }

    private let model: TransformerModel
    private let tokenizer: Tokenizer
    private let quoting: ControlTextQuoting
    private let form: RelevanceForm
    private let contextLength: Int
    private let workspace: Workspace
    /// [E] each: what the state is multiplied with for the logit of "yes" and of "no".
    private let yes: [Float], no: [Float]

    init(
        name: String, file: ModelFile, tokenizer: Tokenizer, contextLength: Int, stepTokens: Int, precision: Precision,
        progress: @escaping (String, Int, Int) -> Void
    ) throws {
        (yes, no) = try Self.answers(name: name, file: file, tokenizer: tokenizer)
        model = try TransformerModel(file: file, precision: precision, progress: progress)
        workspace = try Workspace(model: model, rows: max(1, stepTokens), logitRows: 1)
        form = tokenizer.definition.namedChatTemplates["rerank"].flatMap { RelevanceForm(template: $0) } ?? .qwen3
        quoting = ControlTextQuoting(
            texts: (0..<tokenizer.vocabularySize).filter { tokenizer.type(of: $0) == .control }
                .compactMap { tokenizer.text(of: $0) })
        self.tokenizer = tokenizer
        self.contextLength = contextLength
    }

    /// Rows of the output matrix; a GGUF of a reranker keeps these two apart as well.
    private static func answers(
        name: String, file: ModelFile, tokenizer: Tokenizer
    ) throws -> (yes: [Float], no: [Float]) {
        let width = file.configuration.embeddingLength
        if let head = file.tensor("cls.output.weight"), head.dimensions == [width, 2] {
            let rows = try file.readFloats(head.name)
            return (Array(rows.prefix(width)), Array(rows.suffix(width)))
        }
        let matrix = file.configuration.tiedOutput ? "token_embd.weight" : "output.weight"
        guard let tensor = file.tensor(matrix) else { throw TransformerError.missingTensor(matrix) }
        func row(_ word: String) throws -> [Float] {
            guard let id = tokenizer.id(of: word), id < tensor.rows else {
                throw RerankingError.noAnswer(model: name, word: word)
            }
            let bytes = try file.read(matrix, rows: id..<id + 1)
            return try Quantisation.dequantise(bytes, type: tensor.type, count: width)
        }
        return (try row("yes"), try row("no"))
    }

    /// The ids of a question. A passage that is too long loses its end; what closes the question stays.
    ///
    /// Control tokens that somebody writes into query or passage stay the characters they consist of.
    func question(query: String, passage: String) throws(RerankingError) -> Question {
        let closing = tokenizer.encode(form.closing, addSpecial: false, parseSpecial: true)
        let limit = contextLength - closing.count
        let opening = ids(form.opening, query, form.between, "")
        guard opening.count < limit else {
            throw .queryTooLong(tokens: opening.count + closing.count, limit: contextLength)
        }
        let whole = ids(form.opening, query, form.between, passage)
        return Question(tokens: whole.prefix(limit) + closing, truncated: whole.count > limit)
    }

    private func ids(_ opening: String, _ query: String, _ between: String, _ passage: String) -> [Int] {
        func quoted(_ text: String) -> String {
            if case .string(let result) = quoting.quoted(.string(text)) { result } else { text }
        }
        let text = opening + quoted(query) + between + quoted(passage)
        let ids = quoting.pieces(of: text).flatMap { piece in
            tokenizer.encode(piece.text, addSpecial: false, parseSpecial: !piece.isQuoted)
        }
        return tokenizer.addsBOS ? (tokenizer.bosID.map { [$0] } ?? []) + ids : ids
    }

    /// The longest beginning of all questions, but the last token of each.
    func beginning(of questions: [Question], pool: WorkerPool) throws -> Beginning {
        let first = questions.first?.tokens ?? []
        let shared = questions.reduce(first.count - 1) { length, question in
            min(length, question.tokens.count - 1, PrefixCache.commonPrefix(first, question.tokens))
        }
        let cache = try model.makeCache()
        if questions.count > 1, shared > 0 { _ = try feed(Array(first.prefix(shared)), to: cache, pool: pool) }
        return Beginning(cache: cache, scratch: try model.makeCache())
    }

    /// The score of one question.
    func score(_ question: Question, behind beginning: Beginning, pool: WorkerPool) throws -> Reranker.Score {
        let cache = beginning.scratch
        try cache.copyPrefix(from: beginning.cache, count: beginning.cache.count)
        let state = try feed(Array(question.tokens.dropFirst(cache.count)), to: cache, pool: pool)
        func logit(_ row: [Float]) -> Double { zip(state, row).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
        return Reranker.Score(
            logit: logit(yes) - logit(no), tokens: question.tokens.count, truncated: question.truncated)
    }

    /// Computes tokens in steps.
    /// - Returns: the state of the last one.
    private func feed(_ tokens: [Int], to cache: KeyValueCache, pool: WorkerPool) throws -> [Float] {
        var state: [Float] = []
        for start in stride(from: 0, to: tokens.count, by: workspace.rows) {
            let end = min(tokens.count, start + workspace.rows)
            let step = SequenceStep(
                cache: cache, tokens: Array(tokens[start..<end]), logits: end == tokens.count ? .last : .none)
            state = try model.states([step], workspace: workspace, pool: pool)[0]
        }
        return state
    }
}

/// The words around query and passage. A model knows those that it was trained with.
struct RelevanceForm {
    /// Before the query, between query and passage, behind the passage.
    let opening: String, between: String, closing: String

    /// Qwen3-Reranker's published form with its standard task, to the letter.
    static let qwen3 = RelevanceForm(
        opening: """
            <|im_start|>system
            Judge whether the Document meets the requirements based on the Query and the Instruct provided. \
            Note that the answer can only be "yes" or "no".<|im_end|>
            <|im_start|>user
            <Instruct>: Given a web search query, retrieve relevant passages that answer the query
            <Query>:\u{20}
            """,
        between: "\n<Document>: ",
        closing: "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n")

    private init(opening: String, between: String, closing: String) {
        self.opening = opening
        self.between = between
        self.closing = closing
    }

    /// From the template that a GGUF of a reranker carries, with `{query}` and `{document}` in it; nil for another.
    init?(template: String) {
        let parts = template.components(separatedAt: ["{query}", "{document}"])
        guard let parts else { return nil }
        self.init(opening: parts[0], between: parts[1], closing: parts[2])
    }
}

extension String {
    /// The parts before, between and behind marks that stand in the text once each and in this order; nil else.
    fileprivate func components(separatedAt marks: [String]) -> [String]? {
        var parts: [String] = []
        var rest = self[...]
        for mark in marks {
            guard let found = rest.firstRange(of: mark) else { return nil }
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        guard marks.allSatisfy({ !rest.contains($0) }) else { return nil }
        return parts + [String(rest)]
    }
}
