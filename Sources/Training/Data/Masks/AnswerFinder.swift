public import ChatTemplates

/// Finds the answers in what a chat template writes, whatever template it is.
///
/// Nothing is known of templates but what rendering shows. An answer begins where the prompt that serving would give
/// the model ends, and ends with the first token of the template's own that ends a turn. Where the prompt is no
/// beginning of the whole text (templates that rewrite earlier turns, or move the system text), the answer's place is
/// found by rendering with another answer in its place: the two texts differ from there on; the header before it is
/// found as the text that `add_generation_prompt` adds. What was found is compared with the message: a template that
/// changes an answer, or loses it, is an error and no silent loss.
///
/// Rule and terms: an empty block of reasoning, which the prompt carries when reasoning is off, is not trained.
public struct AnswerFinder: Sendable {
    let template: ChatTemplate
    let quoting: ControlTextQuoting
    /// Texts of the tokens that end a turn, as UTF-8.
    let stopTexts: [[UInt8]]
    let variables: [(String, TemplateValue)]
    let now: TemplateDate

    /// A finder for a template.
    ///
    /// - Parameters:
    ///   - controlTexts: texts of all control tokens; inside messages they stay text.
    ///   - stopTexts: texts of the tokens that end a turn.
    ///   - variables: what the template gets besides messages and tools, such as `bos_token`.
    ///   - now: what `strftime_now` reads; fixed, so that rows do not change from day to day.
    public init(
        template: ChatTemplate, controlTexts: [String], stopTexts: [String],
        variables: [(String, TemplateValue)] = [], now: TemplateDate
    ) {
        self.template = template
        // A text that ends a turn must be told apart from one that a message quotes.
        quoting = ControlTextQuoting(texts: Array(Set(controlTexts).union(stopTexts)))
        self.stopTexts = stopTexts.filter { !$0.isEmpty }.map { Array($0.utf8) }
        self.variables = variables
        self.now = now
    }

    /// Renders a conversation and finds its trained answers.
    ///
    /// Cost: one rendering, and two for each trained answer; more where a template rewrites earlier turns.
    public func render(_ conversation: Conversation) throws(RowProblem) -> RenderedConversation {
        let messages: [TemplateValue]
        switch quoting.quoted(.list(conversation.messages)) {
        case .list(let quoted): messages = quoted
        default: messages = []
        }
        var search = AnswerSearch(
            finder: self, messages: messages, tools: conversation.tools.map(quoting.quoted),
            whole: try rendered(messages, conversation.tools.map(quoting.quoted), prompt: false))
        var spans: [AnswerSpan] = []
        for (index, isTrained) in conversation.isTrained.enumerated() where isTrained {
            spans.append(try search.span(of: index))
        }
        let text = String(decoding: search.whole, as: UTF8.self)
        let pieces = quoting.pieces(of: text)
        return RenderedConversation(pieces: pieces, spans: Self.unquoted(spans, pieces))
    }

    /// The bytes that the template writes.
    func rendered(
        _ messages: [TemplateValue], _ tools: TemplateValue?, prompt: Bool, extra: [(String, TemplateValue)] = []
    ) throws(RowProblem) -> [UInt8] {
        do {
            let text = try template.renderChat(
                messages: .list(messages), tools: tools, addGenerationPrompt: prompt, extra: variables + extra, now: now
            )
            return Array(text.utf8)
        } catch {
            throw .template(error.message)
        }
    }

    /// Spans in the text without quoting marks.
    private static func unquoted(_ spans: [AnswerSpan], _ pieces: [(text: String, isQuoted: Bool)]) -> [AnswerSpan] {
        guard pieces.contains(where: \.isQuoted) else { return spans }
        // For each piece: its length with marks and without.
        let lengths = pieces.map { piece in
            (
                quoted: piece.isQuoted ? ControlTextQuoting.quotedLength : piece.text.utf8.count,
                plain: piece.text.utf8.count
            )
        }
        func plain(_ place: Int) -> Int {
            var quotedStart = 0
            var plainStart = 0
            for length in lengths {
                if place < quotedStart + length.quoted {
                    return plainStart + min(place - quotedStart, length.plain)
                }
                quotedStart += length.quoted
                plainStart += length.plain
            }
            return plainStart
        }
        return spans.map { span in
            AnswerSpan(
                message: span.message, bytes: plain(span.bytes.lowerBound)..<plain(span.bytes.upperBound),
                stop: plain(span.stop.lowerBound)..<plain(span.stop.upperBound), isContinuation: span.isContinuation)
        }
    }
}
