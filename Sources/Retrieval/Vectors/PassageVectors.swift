import Storage

/// The texts of a passage that get a vector: the whole, and each sentence or row with what it stands under.
struct EmbeddedTexts {
    /// Headings and text.
    let passage: String
    /// Place in the passage's text and what is compared.
    let sentences: [(start: Int, text: String)]

    /// Sentences of fewer characters say nothing by themselves.
    private static let least = 4

    init(_ draft: PassageDraft, title: String) {
        let heading = draft.heading.isEmpty ? title : draft.heading
        passage = Self.whole(heading: draft.heading, title: title, lead: draft.lead, text: draft.text)
        let stored = StoredPassage(
            id: 0, document: StoredDocument(record: "", path: "", title: title), ordinal: 0, start: 0,
            length: draft.length, heading: draft.heading, lead: draft.lead, text: draft.text, hash: "")
        let evidence = EvidenceText(stored)
        let place = heading.split(separator: " > ").last.map(String.init) ?? ""
        sentences = evidence.statements.compactMap { index in
            let piece = evidence.pieces[index]
            guard piece.text.unicodeScalars.count >= Self.least else { return nil }
            let said = piece.kind == .row ? RowText.whole(piece) : piece.above.asked + piece.text
            let under = [place, piece.above.section == place ? "" : piece.above.section].filter { !$0.isEmpty }
            return (piece.range.lowerBound, (under + [said]).joined(separator: "："))
        }
    }
}

extension EmbeddedTexts {
    /// A passage as models read it: what it stands under, then its text.
    static func whole(heading: String, title: String, lead: String, text: String) -> String {
        let heading = heading.isEmpty ? title : heading
        return (heading.isEmpty ? "" : heading + "\n") + (lead.isEmpty ? "" : lead + "\n") + text
    }
}

extension Embedder {
    /// Gives passages their vectors. Cost: every character twice through the model.
    func addVectors(to drafts: inout [DocumentDraft]) async throws {
        for document in drafts.indices {
            let title = drafts[document].document.title
            let texts = drafts[document].passages.map { EmbeddedTexts($0, title: title) }
            let vectors = try await embed(texts.flatMap { [$0.passage] + $0.sentences.map(\.text) }, as: .passage)
            var next = 0
            for (passage, text) in texts.enumerated() {
                guard next + text.sentences.count < vectors.count else { return }
                let whole = QuantisedVector(vectors[next])
                next += 1
                var sentences = SentenceVectors()
                for sentence in text.sentences {
                    sentences.append(start: sentence.start, vector: QuantisedVector(vectors[next]))
                    next += 1
                }
                drafts[document].passages[passage].vectors = VectorBytes(
                    passage: whole.bytes, sentences: sentences.bytes)
            }
        }
    }
}
