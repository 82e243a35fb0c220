import Text

/// The questions that a tuned model will be measured on: no row may ask them.
struct HeldOutQuestions {
    private let keys: Set<String>
    private let asked: [(terms: Set<String>, exact: Set<String>)]

    /// From which share of common content on two questions count as the same.
    private static let sameness = 0.7

    init(_ questions: [ListedQuestion]) {
        keys = Set(questions.map { Normalisation.comparisonKey($0.question) })
        asked = questions.map { Self.content(of: $0.question) }
    }

    /// Whether a question says the same as a held-out one: the same letters, or the same numbers and codes and most of
    /// the same words.
    func holds(_ question: String) -> Bool {
        if keys.contains(Normalisation.comparisonKey(question)) { return true }
        let mine = Self.content(of: question)
        guard !mine.terms.isEmpty else { return false }
        return asked.contains { other in
            guard other.exact == mine.exact, !other.terms.isEmpty else { return false }
            let common = mine.terms.intersection(other.terms).count
            return Double(common) >= Self.sameness * Double(mine.terms.union(other.terms).count)
        }
    }

    private static func content(of question: String) -> (terms: Set<String>, exact: Set<String>) {
        let read = Question(question, withSynonyms: false)
        let exact = read.units.filter(\.isExact).flatMap(\.terms)
        return (Set(read.terms), Set(exact))
    }
}
