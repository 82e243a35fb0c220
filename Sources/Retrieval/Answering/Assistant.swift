import Foundation
public import Storage
import Text

/// Answers questions from an index with a model, and names its sources.
///
/// Stage 7 of the design: question → passages → prompt → draft → checked answer. Whether anything was found is decided
/// by retrieval and its calibration before the model is asked; what is said is decided by alignment after it.
public struct Assistant: Sendable {
    /// What an assistant can be set to; the defaults are measured, see `docs/retrieval.md`.
    public struct Configuration: Sendable {
        /// How passages and question are put to the model.
        public var style: PromptStyle
        /// The company's own system text.
        public var systemText: String
        /// Passages that are given to the model, and their characters altogether.
        public var passages: Int
        /// How many characters all passages together may have.
        public var passageCharacters: Int
        /// How the model writes.
        public var options: GenerationOptions
        /// Overrides the calibrated threshold.
        public var threshold: Double?
        /// Without vectors: how far above the threshold, as a share of the way to certainty, evidence has to be for a
        /// quotation.
        public var quoteMargin = 0.25
        /// What a sentence has to reach.
        public var limits: AnswerAlignment.Limits
        /// Whether a sentence may be quoted where nothing of the draft holds.
        public var quotesWhenUnsupported: Bool
        /// Share of the threshold from which on the model is asked at all. Below the threshold only what it says and
        /// alignment bears is said; from the threshold on a sentence may be quoted too.
        public var askShare: Double
        /// Evidence from which on a sentence is quoted although the model itself said that it found nothing.
        public var quotesOverRefusal: Double
        /// Whether the model was tuned to refuse (`TuningRowMaker`): then the probability that it gives to the refusal is
        /// weighed with the evidence, and it is asked wherever anything was found at all. An untuned model refuses and
        /// answers at random.
        public var trustsRefusals: Bool
        /// Share of the threshold from which on a model is asked whose refusals are trusted.
        public static let trustedAskShare = 0.1
        /// Evidence from which on a sentence is quoted although a model whose refusals are trusted wrote one: where its
        /// probability cannot be told, or it refused in other words.
        public var overrulesTrustedRefusal = 0.8
        /// How a tuned model's opinion of refusing is weighed with what retrieval says.
        public var refusalWeighing = RefusalWeighing.standard
        /// Whether passages that a newer document contradicts are kept from the model.
        public var leavesOutSuperseded: Bool
        /// Sentences that an answer has at most.
        public var sentences: Int
        /// The number that is named where nothing was found.
        public var hotline: String?

        /// Makes the value from its parts.
        public init(
            style: PromptStyle = .standard, systemText: String = "", passages: Int = 3,
            passageCharacters: Int = 1400, options: GenerationOptions = GenerationOptions(),
            threshold: Double? = nil, limits: AnswerAlignment.Limits = AnswerAlignment.Limits(),
            quotesWhenUnsupported: Bool = true, askShare: Double = 0.8, quotesOverRefusal: Double = 0.75,
            leavesOutSuperseded: Bool = true, sentences: Int = 6, hotline: String? = nil,
            trustsRefusals: Bool = false
        ) {
            self.trustsRefusals = trustsRefusals
            self.askShare = askShare
            self.quotesOverRefusal = quotesOverRefusal
            self.leavesOutSuperseded = leavesOutSuperseded
            self.style = style
            self.systemText = systemText
            self.passages = passages
            self.passageCharacters = passageCharacters
            self.options = options
            self.threshold = threshold
            self.limits = limits
            self.quotesWhenUnsupported = quotesWhenUnsupported
            self.sentences = sentences
            self.hotline = hotline
        }

        /// From an assistant's record; what it leaves open is the default.
        public init(_ record: AssistantRecord, hotline: String? = nil) {
            let settings = record.settings
            self.init(
                style: PromptStyle.named(record.style) ?? .standard, systemText: record.systemText,
                passages: settings.passages ?? 3, passageCharacters: settings.passageCharacters ?? 1400,
                options: GenerationOptions(maximumTokens: settings.answerTokens ?? 160),
                threshold: settings.threshold, quotesWhenUnsupported: settings.quotesWhenUnsupported ?? true,
                hotline: settings.hotline ?? hotline, trustsRefusals: settings.trustsRefusals ?? false)
        }
    }

    /// Where it finds passages.
    public var index: PassageIndex
    /// Nil answers by quotation alone.
    public var generator: (any Generator)?
    /// What it is set to.
    public var configuration: Configuration

    /// Makes the value from its parts.
    public init(index: PassageIndex, generator: (any Generator)?, configuration: Configuration = Configuration()) {
        self.index = index
        self.generator = generator
        self.configuration = configuration
    }

    /// Answers a question.
    /// - Parameters:
    ///   - question: the last thing that was said.
    ///   - earlier: the turns before it, oldest first; only used to understand the question.
    public func answer(_ question: String, earlier: [ChatTurn] = []) async throws -> Answer {
        try await respond(question, earlier: earlier) { _ in }
    }

    /// Answers a question sentence by sentence: each is released as soon as it has passed.
    public func stream(_ question: String, earlier: [ChatTurn] = []) -> AsyncThrowingStream<AnswerEvent, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    let answer = try await respond(question, earlier: earlier) { continuation.yield($0) }
                    continuation.yield(.finished(answer))
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func respond(
        _ question: String, earlier: [ChatTurn], emit: @Sendable (AnswerEvent) -> Void
    ) async throws -> Answer {
        let searched = FollowUp.standalone(question, earlier: earlier)
        let read = Question(searched)
        let composer = PromptComposer(
            style: configuration.style, systemText: configuration.systemText,
            passageCharacters: configuration.passageCharacters)
        var found = try await index.find(read, limit: max(5, configuration.passages + 3))
        let model = try await evidenceModel(for: found)
        var evidence = model.probability(found)
        let threshold = configuration.threshold ?? model.threshold
        if configuration.leavesOutSuperseded { found.hits.removeAll { $0.supersededBy != nil } }
        found.hits = composer.fitting(Array(found.hits.prefix(configuration.passages)))
        emit(.passages(found.hits))
        let language = AnswerLanguage(of: question)
        let turns = composer.turns(
            question: searched == question ? question : searched.split(separator: "\n").joined(separator: "，"),
            passages: found.hits, language: language)
        let refusalText = RefusalText.text(language: language, hotline: nil)
        // A model that was tuned to refuse is asked first what it thinks of refusing; then it is made to answer, or not
        // asked at all.
        var refusal: Double?
        var choice: AnswerChoice?
        if configuration.trustsRefusals, evidence >= threshold * Configuration.trustedAskShare, let generator {
            refusal = try await generator.logProbabilities(of: [refusalText], after: turns)?.first.map { exp($0) }
        }
        if let refusal {
            evidence = configuration.refusalWeighing.confidence(evidence: evidence, refusal: refusal)
            if evidence >= threshold, configuration.quotesWhenUnsupported {
                choice = try await self.choice(found, turns)
            }
        }
        var draft = AnswerDraft(
            question: question, found: found, limits: configuration.limits,
            maximumSentences: configuration.sentences, isSure: evidence >= threshold, choice: choice)
        let askShare =
            refusal != nil ? 1 : configuration.trustsRefusals ? Configuration.trustedAskShare : configuration.askShare
        if evidence >= threshold * askShare {
            try await write(&draft, turns: turns, avoided: refusal == nil ? nil : refusalText, emit: emit)
            // Nobody but retrieval stands behind a quotation: where words alone were compared, it needs more than the
            // model's own sentence does; where the model says the same, a little less.
            let quoteThreshold =
                draft.agreesWithQuotation
                ? threshold * 0.85
                : threshold + (found.hasVectors ? 0 : (1 - threshold) * configuration.quoteMargin)
            let isSure =
                evidence >= (draft.isRefused ? configuration.quotesOverRefusal : min(threshold, quoteThreshold))
            // A tuned model's refusal counts, unless what was found speaks very strongly against it.
            let isFinal =
                draft.isRefused && configuration.trustsRefusals && evidence < configuration.overrulesTrustedRefusal
            let mayQuote =
                configuration.quotesWhenUnsupported && evidence >= quoteThreshold && (isSure || !draft.isRefused)
                && !isFinal
            for event in draft.finish(mayQuote: mayQuote, isSure: isSure) { emit(event) }
        }
        return draft.answer(
            searched: searched, evidence: evidence, refusal: refusal, language: language,
            hotline: configuration.hotline)
    }

    /// The best sentences in the opinion of retrieval and the model together; nil where the model cannot tell.
    private func choice(_ found: FoundPassages, _ turns: [ChatTurn]) async throws -> AnswerChoice? {
        let sentences = Quotation.ranked(found, in: found.hits.map(EvidenceText.init))
        let asked = sentences.prefix(AnswerChoice.asked).map(\.text)
        guard !asked.isEmpty, let told = try await generator?.logProbabilities(of: asked, after: turns)
        else { return nil }
        return AnswerChoice(sentences, logProbabilities: told)
    }

    private func write(
        _ draft: inout AnswerDraft, turns: [ChatTurn], avoided: String?, emit: @Sendable (AnswerEvent) -> Void
    ) async throws {
        guard let generator else { return }
        var options = configuration.options
        options.avoidedBeginning = avoided
        var sentences = SentenceStream()
        for try await piece in try await generator.generate(turns, options: options) {
            draft.text += piece
            for sentence in sentences.take(piece) {
                for event in draft.take(sentence) { emit(event) }
            }
            // A refusal of the model, or enough said: nothing that follows is worth waiting for.
            if draft.isComplete { return }
        }
        for sentence in sentences.finish() {
            for event in draft.take(sentence) { emit(event) }
        }
    }

    /// The index's own calibration, else the standard. What was calibrated with vectors says nothing without them.
    private func evidenceModel(for found: FoundPassages) async throws -> EvidenceModel {
        let kept = try await index.store.index(named: index.name)?.calibration
        let model = kept.flatMap(EvidenceModel.init(json:))
        return model?.hasVectors == found.hasVectors ? model ?? .standard : .standard(hasVectors: found.hasVectors)
    }
}
