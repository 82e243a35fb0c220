import Text

/// A sentence of an answer as alignment reads it.
struct Claim: Sendable {
    let text: String
    /// Content units of the sentence, a leading yes or no left out.
    let units: [Question.Unit]
    /// For each unit whether the question said it already.
    let isGiven: [Bool]
    let leading: Polarity.Leading?
    let codes: [String]

    init(_ text: String, question: Question) {
        self.text = text
        let (leading, rest) = Polarity.leading(of: text)
        self.leading = leading
        let read = Question(rest)
        units = read.units.filter { $0.weight > 0 }
        let known = Set(question.terms)
        isGiven = units.map { unit in unit.terms.contains { known.contains($0) } }
        codes = Names.codes(in: rest).map(\.value)
    }

    /// A bare yes or no, with nothing that could be compared.
    var isBare: Bool { units.allSatisfy { $0.weight < 1 } }

    /// Weight of the units that `terms` show, and of all; both also for the new units alone.
    func coverage(_ terms: Set<String>, context: Set<String>) -> (all: Double, new: Double) {
        var all = 0.0
        var covered = 0.0
        var new = 0.0
        var newCovered = 0.0
        for (unit, given) in zip(units, isGiven) {
            let share: Double =
                if Self.shows(unit, terms) { 1 } else if Self.shows(unit, context) { 0.9 } else { 0 }
            all += unit.weight
            covered += unit.weight * share
            if !given {
                new += unit.weight
                newCovered += unit.weight * share
            }
        }
        return (all > 0 ? covered / all : 0, new > 0 ? newCovered / new : 1)
    }

    static func shows(_ unit: Question.Unit, _ terms: Set<String>) -> Bool {
        if unit.terms.contains(where: terms.contains) { return true }
        return !unit.parts.isEmpty && unit.parts.allSatisfy(terms.contains)
    }
}
