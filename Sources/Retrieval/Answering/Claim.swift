import Text

/// A sentence of an answer as alignment reads it: its words without numbers, and its numbers.
struct Claim: Sendable {
    let text: String
    /// A yes or no at the beginning; it is no content.
    let leading: Polarity.Leading?
    /// Codes that the sentence names.
    let codes: [String]
    private let units: [(unit: Question.Unit, isGiven: Bool)]
    private let numbers: [(mention: NumberMention, isGiven: Bool)]

    /// What a number weighs beside characters.
    private static let numberWeight = 1.5

    /// - Parameter question: what was asked; what it said already counts as given.
    init(_ text: String, question: Question) {
        self.text = text
        let (leading, rest) = Polarity.leading(of: text)
        self.leading = leading
        let known = Set(question.terms)
        let mentions = Numbers.mentions(in: rest)
        let asked = Numbers.mentions(in: question.text)
        numbers = mentions.map { mention in (mention, asked.contains { mention.isSupported(by: $0) }) }
        // Numbers are compared in their normal form, not by their characters: 三十天 is 30 天.
        var words = Array(rest.unicodeScalars)
        for mention in mentions { for index in mention.range where index < words.count { words[index] = " " } }
        units = Question(String(scalars: words), withSynonyms: false).units.filter { $0.weight > 0 }.map { unit in
            (unit, unit.terms.contains { known.contains($0) })
        }
        codes = Names.codes(in: rest).map(\.value)
    }

    /// Nothing that could be compared: a bare yes or no.
    var isBare: Bool { numbers.isEmpty && units.allSatisfy { $0.unit.weight < 1 } }

    /// A number with hardly a word beside it.
    var isValue: Bool { !numbers.isEmpty && units.reduce(0) { $0 + $1.unit.weight } < 2.5 }

    /// Nothing that the question did not say.
    var saysNothingNew: Bool {
        numbers.allSatisfy(\.isGiven) && units.allSatisfy { $0.isGiven || $0.unit.weight < 1 }
    }

    /// A word or two: an answer to which of several, whose words the question may have named.
    var isShort: Bool { text.unicodeScalars.count <= 12 }

    /// Share of the sentence that the ground shows: of all, and of what the question did not say.
    func coverage(_ ground: Ground) -> (all: Double, new: Double) {
        var all = 0.0
        var covered = 0.0
        var new = 0.0
        var newCovered = 0.0
        func count(_ weight: Double, _ share: Double, _ isGiven: Bool) {
            all += weight
            covered += weight * share
            if !isGiven {
                new += weight
                newCovered += weight * share
            }
        }
        for (unit, isGiven) in units {
            let share = max(unit.share(ground.terms.contains), 0.9 * unit.share(ground.context.contains))
            count(unit.weight, share, isGiven)
        }
        for (mention, isGiven) in numbers {
            let isThere = ground.numbers.contains { mention.isSupported(by: $0) }
            count(Self.numberWeight, isThere ? 1 : 0, isGiven)
        }
        return (all > 0 ? covered / all : 0, new > 0 ? newCovered / new : 1)
    }

    /// The share of all, in which the end of a question counts twice its beginning: 押金退的时候有没有利息 asks about
    /// 利息.
    func focusedCoverage(_ ground: Ground) -> Double {
        var all = 0.0
        var covered = 0.0
        for (index, unit) in units.enumerated() {
            let weight = unit.unit.weight * (1 + Double(index) / Double(max(1, units.count - 1)))
            all += weight
            covered += weight * unit.unit.share(ground.terms.contains)
        }
        for (mention, _) in numbers {
            all += Self.numberWeight
            if ground.numbers.contains(where: { mention.isSupported(by: $0) }) { covered += Self.numberWeight }
        }
        return all > 0 ? covered / all : 0
    }
}
