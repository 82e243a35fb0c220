import Text

/// A question as retrieval reads it: units of content, each with the terms that show it.
///
/// Han text has no words, only pairs of characters; so its unit is one character, shown by either pair that it
/// belongs to. That way a pair that lies across two words (票代 in 股票代码) costs nothing where both words are there.
public struct Question: Sendable {
    /// One piece of content: a Han character, or a Latin word, number or code.
    struct Unit: Sendable {
        /// Terms any of which shows the unit: both pairs of a Han character; a word itself.
        var terms: [String]
        /// For a code or compound number, parts that together show it too: `pt` and `1210`.
        var parts: [String] = []
        /// Other words for it, each as the terms that all have to be there.
        var alternatives: [[String]] = []
        /// 1 for content, less for grammar.
        var weight: Double
        /// Whether it holds a digit or joins letters and signs: then it has to match exactly.
        var isExact: Bool
        /// Letters and digits together: a product or document code.
        var isCode: Bool {
            guard isExact, let word = terms.first?.unicodeScalars else { return false }
            return word.contains { !$0.isDigit && $0 != "." && $0 != "x" } && word.count >= 3
        }

        /// Letters and digits that name a thing: R2, E44, TX11.
        var isName: Bool {
            guard isExact, let word = terms.first?.unicodeScalars else { return false }
            return word.contains { $0.properties.isAlphabetic } && word.contains(where: \.isDigit)
        }

        /// How far the terms for which `holds` is true show the unit: 1 by itself, less by a synonym, 0 not at all.
        func share(_ holds: (String) -> Bool) -> Double {
            if terms.contains(where: holds) { return 1 }
            if !parts.isEmpty, parts.allSatisfy(holds) { return 1 }
            return alternatives.contains { $0.allSatisfy(holds) } ? 0.7 : 0
        }
    }

    /// The question as it was asked.
    public let text: String
    /// Terms to look for, rarest kind first, each once.
    public let terms: [String]
    /// Beginnings of terms to look for: Han characters that stand alone.
    public let prefixes: [String]
    /// Terms of synonyms, looked for after the question's own.
    public let synonyms: [String]
    let units: [Unit]

    /// Whether it names anything at all.
    public var hasContent: Bool { units.contains { $0.weight >= 1 } }
    /// Whether it names several things by their codes (R2 and R3).
    var namesSeveral: Bool { units.filter(\.isName).count > 1 }

    /// Reads a question. Cost: linear in its length; of more than 1,000 characters only the first 1,000 count.
    public init(_ text: String) {
        self.init(text, withSynonyms: true)
    }

    /// Without synonyms only the words themselves count: what an answer says has to stand in its source.
    init(_ text: String, withSynonyms: Bool) {
        self.text = text
        let folded = Normalisation.fold(String(scalars: text.unicodeScalars.prefix(1000)))
        let mask = QuestionWords.mask(folded.scalars)
        var reader = QuestionReader(
            scalars: folded.scalars, mask: mask,
            synonyms: withSynonyms ? Synonyms.matches(in: folded.scalars) : [])
        reader.read()
        units = reader.units
        terms = reader.terms
        prefixes = reader.prefixes
        var seen = Set(reader.terms)
        synonyms = reader.units.flatMap(\.alternatives).joined().filter { seen.insert($0).inserted }
    }
}

/// Splits the folded question into runs and makes units and terms of them.
private struct QuestionReader {
    let scalars: [Unicode.Scalar]
    let mask: [Bool]
    var units: [Question.Unit] = []
    var terms: [String] = []
    var prefixes: [String] = []
    private var seen: Set<String> = []
    private let synonyms: [Synonyms.Match]
    private let hasHan: Bool

    init(scalars: [Unicode.Scalar], mask: [Bool], synonyms: [Synonyms.Match]) {
        self.scalars = scalars
        self.mask = mask
        self.synonyms = synonyms
        hasHan = scalars.contains(where: \.isHan)
    }

    private func alternatives(at index: Int) -> [[String]] {
        synonyms.first { $0.range.contains(index) }?.alternatives ?? []
    }

    mutating func read() {
        // What asks may also name: 多少钱 asks for a price, 几点 for opening hours.
        for match in synonyms where match.range.count > 1 && match.range.allSatisfy({ mask[$0] }) {
            units.append(Question.Unit(terms: [], alternatives: match.alternatives, weight: 0.8, isExact: false))
        }
        var index = 0
        while index < scalars.count {
            if scalars[index].isIdeographic {
                var end = index
                while end < scalars.count, scalars[end].isIdeographic { end += 1 }
                takeHan(index..<end)
                index = end
            } else {
                var end = index
                while end < scalars.count, !scalars[end].isIdeographic { end += 1 }
                takeWords(index..<end)
                index = end
            }
        }
    }

    /// A run of Han characters, question phrases left out.
    private mutating func takeHan(_ run: Range<Int>) {
        var start = run.lowerBound
        while start < run.upperBound {
            if mask[start] {
                start += 1
                continue
            }
            var end = start
            while end < run.upperBound, !mask[end] { end += 1 }
            takeContent(start..<end)
            start = end
        }
    }

    private mutating func takeContent(_ run: Range<Int>) {
        if run.count == 1 {
            let character = String(scalars: scalars[run])
            let isGrammar = QuestionWords.grammar.contains(scalars[run.lowerBound])
            guard !isGrammar else { return }
            if seen.insert(character + "*").inserted { prefixes.append(character) }
            units.append(
                Question.Unit(
                    terms: [character], alternatives: alternatives(at: run.lowerBound), weight: 0.3, isExact: false))
            return
        }
        var pairs: [String] = []
        for index in run.dropLast() {
            let pair = String(scalars: scalars[index...index + 1])
            pairs.append(pair)
            if seen.insert(pair).inserted { terms.append(pair) }
        }
        for (offset, index) in run.enumerated() {
            var shown: [String] = []
            if offset > 0 { shown.append(pairs[offset - 1]) }
            if offset < pairs.count { shown.append(pairs[offset]) }
            let isGrammar = QuestionWords.grammar.contains(scalars[index])
            units.append(
                Question.Unit(
                    terms: shown, alternatives: alternatives(at: index), weight: isGrammar ? 0.1 : 1, isExact: false))
        }
    }

    /// Latin words, numbers and codes: their terms are made by `SearchTerms`, as the documents' are.
    private mutating func takeWords(_ run: Range<Int>) {
        var open: (unit: Question.Unit, upper: Int)?
        for term in SearchTerms.terms(in: String(scalars: scalars[run])) {
            if let current = open, term.kind == .part, term.range.lowerBound < current.upper {
                open?.unit.parts.append(term.text)
                append(term.text)
                continue
            }
            if let current = open { units.append(current.unit) }
            // In a Chinese question a lone letter is a grade or size, not an article.
            let isStop = !hasHan && QuestionWords.english.contains(term.text)
            let hasDigit = term.text.unicodeScalars.contains(where: \.isDigit)
            // A word counts as much as the two or three characters it would be in Chinese.
            let other = isStop ? [] : alternatives(at: run.lowerBound + term.range.lowerBound)
            open = (
                Question.Unit(
                    terms: [term.text], alternatives: other, weight: isStop ? 0 : 2.5, isExact: hasDigit),
                term.range.upperBound
            )
            if !isStop { append(term.text) }
        }
        if let current = open { units.append(current.unit) }
    }

    private mutating func append(_ term: String) {
        // Exact words and numbers are rarer than pairs of characters: they come first where terms are limited.
        if seen.insert(term).inserted { terms.insert(term, at: 0) }
    }
}
