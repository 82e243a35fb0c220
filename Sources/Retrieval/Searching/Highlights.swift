import Text

/// Finds in a text what a question asked for, by the terms and not by the index: SQLite's own highlighting cannot
/// know what our terms were made of.
enum Highlights {
    /// Ranges in Unicode scalars of `text`, in order, touching ones joined.
    static func ranges(of question: Question, in text: String) -> [Range<Int>] {
        let wanted = Set(question.terms)
        var result: [Range<Int>] = []
        for term in SearchTerms.terms(in: text) where wanted.contains(term.text) {
            if let last = result.last, term.range.lowerBound <= last.upperBound {
                result[result.count - 1] = last.lowerBound..<max(last.upperBound, term.range.upperBound)
            } else {
                result.append(term.range)
            }
        }
        return result
    }
}
