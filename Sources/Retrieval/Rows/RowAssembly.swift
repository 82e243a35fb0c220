import Storage
import Text

/// Puts rows together group by group; the state of `TuningRowMaker`.
struct RowAssembly {
    private let index: PassageIndex
    private let configuration: TuningRowMaker.Configuration
    private let composer: PromptComposer
    private let heldOut: HeldOutQuestions
    private let passages: [Int64: StoredPassage]
    let unanswered: UnansweredDrafts
    var drafts: [Int64: [DraftedQuestion]] = [:]
    var choice: SeededChoice
    private var result = TuningRows(
        rows: [], counts: [:], groups: 0, droppedHeldOut: 0, droppedUnsupported: 0, notFound: 0)
    private var asked: Set<String> = []
    /// How often a draft was asked, in whatever words.
    private var uses: [String: Int] = [:]
    private static let mostUses = 2
    private var shownBefore: Set<[Int64]> = []

    /// What is found for a question: the passages that the model would be shown, and the next best.
    struct Shown {
        var hits: [PassageHit]
        var next: [PassageHit]
        var evidence: AnswerEvidence
        var ids: [Int64] { hits.map(\.passage.id) }
    }

    /// How many hits behind those that are shown are looked at.
    private static let searched = 14

    init(
        index: PassageIndex, configuration: TuningRowMaker.Configuration, heldOut: [ListedQuestion]
    ) async throws {
        self.index = index
        self.configuration = configuration
        self.heldOut = HeldOutQuestions(heldOut)
        composer = PromptComposer(
            style: configuration.style, systemText: configuration.systemText,
            passageCharacters: configuration.passageCharacters)
        choice = SeededChoice(seed: configuration.seed)
        var passages: [Int64: StoredPassage] = [:]
        var seen: Set<String> = []
        for document in try await index.store.documents(index: index.name) where seen.insert(document.record).inserted {
            for passage in try await index.store.passages(index: index.name, record: document.record) {
                passages[passage.id] = passage
            }
        }
        self.passages = passages
        unanswered = UnansweredDrafts(passages: passages.values)
        for (id, passage) in passages { drafts[id] = QuestionDrafting.drafts(of: passage) }
    }

    var hasDrafts: Bool { drafts.values.contains { !$0.isEmpty } }

    // MARK: Groups

    mutating func rows(
        known: [ListedQuestion], progress: @Sendable (Int) -> Void
    ) async throws -> TuningRows {
        let wanted = max(1, configuration.rows)
        let forKnown = known.isEmpty ? wanted : max(3, wanted * 2 / 3 / known.count)
        let size = max(1, min(configuration.questionsPerGroup, forKnown))
        for question in known.shuffled(using: &choice) where result.rows.count < wanted {
            try await addGroup(known: question, size: size)
            progress(result.rows.count)
        }
        var seeds = seedOrder()
        var misses = 0
        while result.rows.count < wanted, let seed = seeds.popLast(), misses < 400 {
            let before = result.rows.count
            try await addGroup(seed: seed, size: min(configuration.questionsPerGroup, wanted - before))
            misses = result.rows.count == before ? misses + 1 : 0
            progress(result.rows.count)
        }
        return result
    }

    /// Drafts to begin groups with: in turn from each document, so that all documents are asked about.
    private mutating func seedOrder() -> [DraftedQuestion] {
        var byRecord: [String: [DraftedQuestion]] = [:]
        for id in drafts.keys.sorted(by: isBefore) {
            for draft in drafts[id] ?? [] { byRecord[draft.record, default: []].append(draft) }
        }
        var queues: [[DraftedQuestion]] = []
        for key in byRecord.keys.sorted() { queues.append((byRecord[key] ?? []).shuffled(using: &choice)) }
        var order: [DraftedQuestion] = []
        var round = 0
        while queues.contains(where: { round < $0.count }) {
            order += queues.shuffled(using: &choice).compactMap { round < $0.count ? $0[round] : nil }
            round += 1
        }
        return order.reversed()
    }

    /// Row numbers of passages depend on the order of building; their places do not.
    private func isBefore(_ a: Int64, _ b: Int64) -> Bool {
        guard let x = passages[a], let y = passages[b] else { return a < b }
        return (x.document.path, x.document.part, x.ordinal) < (y.document.path, y.document.part, y.ordinal)
    }

    private mutating func addGroup(known question: ListedQuestion, size: Int) async throws {
        guard admits(question.question) else { return }
        let shown = try await show(question.question)
        guard !shown.hits.isEmpty else { return }
        begin(shown)
        if question.answerable {
            if let answer = shown.evidence.quotation(for: question),
                let borne = shown.evidence.borne(answer, for: question.question)
            {
                append(question.question, borne, .known, shown)
            } else if !shown.hits.contains(where: { question.documents.contains($0.passage.document.path) }) {
                append(question.question, nil, .knownRefused, shown)
            }
        } else {
            append(question.question, nil, .knownRefused, shown)
        }
        fill(shown, size: size)
    }

    private mutating func addGroup(seed: DraftedQuestion, size: Int) async throws {
        let question = wording(of: seed)
        guard admits(question) else { return }
        // Every third group begins with a question whose own passage is kept away.
        let isKeptAway = choice.happens(min(0.6, configuration.unanswerable))
        var shown = try await show(question)
        if !shown.ids.contains(seed.passage) { result.notFound += 1 }
        if isKeptAway || !shown.ids.contains(seed.passage) {
            guard refusalsAreWanted else { return }
            shown = without(seed, question, shown)
            guard !shown.hits.isEmpty, !shown.evidence.mayAnswer(question, answer: seed.answer) else { return }
            guard shownBefore.insert(shown.ids).inserted else { return }
            begin(shown)
            append(question, nil, .elsewhere, shown)
        } else {
            guard shownBefore.insert(shown.ids).inserted else { return }
            guard let answer = shown.evidence.borne(seed, for: question) else {
                result.droppedUnsupported += 1
                return
            }
            begin(shown)
            append(question, answer, seed.kind, shown)
        }
        fill(shown, size: size)
    }

    private var refusals: Int { result.rows.filter { $0.kind?.isRefusal ?? false }.count }
    private var refusalsAreWanted: Bool {
        Double(refusals) < configuration.unanswerable * Double(result.rows.count + configuration.questionsPerGroup)
    }

    private mutating func begin(_ shown: Shown) {
        result.groups += 1
        shownBefore.insert(shown.ids)
    }

    func show(_ question: String) async throws -> Shown {
        var hits = try await index.find(Question(question), limit: Self.searched).hits
        hits.removeAll { $0.supersededBy != nil }
        return shown(hits)
    }

    private func shown(_ hits: [PassageHit]) -> Shown {
        let first = composer.fitting(Array(hits.prefix(configuration.passages)))
        let ids = Set(first.map(\.passage.id))
        return Shown(
            hits: first, next: hits.filter { !ids.contains($0.passage.id) }, evidence: AnswerEvidence(first))
    }

    /// What would be shown if no passage answered the question.
    private func without(_ draft: DraftedQuestion, _ question: String, _ shown: Shown) -> Shown {
        self.shown(
            (shown.hits + shown.next).filter { hit in
                hit.passage.id != draft.passage
                    && !AnswerEvidence([hit]).mayAnswer(question, answer: draft.answer)
            })
    }

    // MARK: Rows of a group

    /// Fills the open group with questions about its passages and beside them.
    private mutating func fill(_ shown: Shown, size: Int) {
        let start = result.rows.count - 1
        var queues = shown.ids.map { (drafts[$0] ?? []).shuffled(using: &choice) }
        var near = shown.next.flatMap { drafts[$0.passage.id] ?? [] }.shuffled(using: &choice)
        var turn = 0
        var idle = 0
        while result.rows.count - start < size, idle < 12 {
            let before = result.rows.count
            if Double(refusals) < configuration.unanswerable * Double(result.rows.count + 1) {
                addRefusal(shown, near: &near)
            } else if !queues.isEmpty {
                addAnswered(shown, from: &queues[turn % queues.count])
            }
            turn += 1
            idle = result.rows.count == before ? idle + 1 : 0
        }
    }

    private mutating func addAnswered(_ shown: Shown, from queue: inout [DraftedQuestion]) {
        // Of what is left, the kind that is rarest so far.
        let counts = result.counts
        let earlier = uses
        queue.sort { a, b in
            let (x, y) = (earlier[a.question] ?? 0, earlier[b.question] ?? 0)
            return x != y ? x > y : (counts[a.kind] ?? 0) > (counts[b.kind] ?? 0)
        }
        while let draft = queue.popLast() {
            let question = wording(of: draft)
            guard uses[draft.question, default: 0] < Self.mostUses, admits(question), admits(draft.question) else {
                continue
            }
            guard let answer = shown.evidence.borne(draft, for: question) else {
                result.droppedUnsupported += 1
                continue
            }
            uses[draft.question, default: 0] += 1
            append(question, answer, draft.kind, shown)
            return
        }
    }

    mutating func wording(of draft: DraftedQuestion) -> String {
        if draft.isVerbatim || choice.happens(0.3) { return draft.question }
        return SpokenWording.spoken(draft.question, &choice)
    }

    /// Whether a question may be asked: not yet asked, and not held out.
    mutating func admits(_ question: String) -> Bool {
        if heldOut.holds(question) {
            result.droppedHeldOut += 1
            return false
        }
        return !asked.contains(Normalisation.comparisonKey(question))
    }

    /// - Parameter answer: nil for the refusal.
    mutating func append(_ question: String, _ answer: String?, _ kind: TuningRowKind, _ shown: Shown) {
        asked.insert(Normalisation.comparisonKey(question))
        let language = AnswerLanguage(of: question)
        let turns = composer.turns(question: question, passages: shown.hits, language: language)
        let said = answer ?? RefusalText.text(language: language, hotline: nil)
        let messages = (turns + [ChatTurn(.assistant, said)]).map {
            TuningRow.Message(role: $0.role.rawValue, content: $0.text)
        }
        result.rows.append(TuningRow(messages: messages, kind: kind, group: result.groups))
        result.counts[kind, default: 0] += 1
    }
}
