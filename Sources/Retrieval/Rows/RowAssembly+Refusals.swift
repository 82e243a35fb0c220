import Storage
import Text

/// Refusals of a group, and what the passages of held-out questions hold.
extension RowAssembly {
    /// Adds a question that the passages shown do not answer, if one is found.
    /// - Parameter near: questions of the passages just behind those shown.
    mutating func addRefusal(_ shown: Shown, near: inout [DraftedQuestion]) {
        let own = shown.ids.flatMap { drafts[$0] ?? [] }
        switch Int.random(in: 0..<6, using: &choice) {
        case 0, 1:
            for draft in own.shuffled(using: &choice).prefix(12) {
                guard let question = unanswered.otherThing(draft.question, in: shown.evidence.shown, &choice) else {
                    continue
                }
                let spoken = SpokenWording.spoken(question, &choice)
                if admits(spoken) { return append(spoken, nil, .otherThing, shown) }
            }
        case 2, 3:
            let things = self.things(of: shown)
            if let question = unanswered.otherAttribute(of: things, in: shown.evidence.shown, &choice) {
                let spoken = question.hasSuffix("？") ? SpokenWording.spoken(question, &choice) : question
                if admits(spoken) { return append(spoken, nil, .otherAttribute, shown) }
            }
        default: break
        }
        while let draft = near.popLast() {
            let question = wording(of: draft)
            guard admits(question), admits(draft.question),
                !shown.evidence.mayAnswer(question, answer: draft.answer)
            else { continue }
            return append(question, nil, .elsewhere, shown)
        }
    }

    /// What rows of the passages are about, and products that titles name, as questions name them.
    private func things(of shown: Shown) -> [String] {
        var things: [String] = []
        for hit in shown.hits {
            let title = hit.passage.document.title
            if !Names.codes(in: title).isEmpty { things.append(title) }
            for draft in drafts[hit.passage.id] ?? [] where draft.kind == .field {
                if let name = draft.question.split(separator: "的").first { things.append(String(name)) }
            }
        }
        var seen: Set<String> = []
        return things.filter { thing in
            let count = thing.unicodeScalars.count
            guard count >= 2, count <= 16, thing.unicodeScalars.contains(where: \.isHan) else { return false }
            return seen.insert(thing).inserted
        }
    }

    /// How many held-out questions have their answer in what would be shown.
    func coverage(of heldOut: [ListedQuestion]) async throws -> PassageCoverage {
        var coverage = PassageCoverage(kinds: [:], missing: [])
        for question in heldOut where question.answerable {
            let text = try await show(question.question).hits.map(PromptComposer.text).joined(separator: "\n")
            let isCovered = AnswerScoring.contains(text, question)
            var part = coverage.kinds[question.kind ?? ""] ?? PassageCoverage.Part(questions: 0, covered: 0)
            part.questions += 1
            if isCovered { part.covered += 1 } else { coverage.missing.append(question.id) }
            coverage.kinds[question.kind ?? ""] = part
        }
        return coverage
    }
}
