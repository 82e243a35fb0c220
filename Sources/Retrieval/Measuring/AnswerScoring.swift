import Text

/// Judges an answer against what a question list expects.
public enum AnswerScoring {
    /// The judgement of one question.
    public struct Score: Codable, Sendable, Equatable {
        /// The name of the question in its list.
        public var id: String
        /// Whether the documents hold an answer.
        public var isAnswerable: Bool
        /// Whether nothing was said.
        public var isRefused: Bool
        /// Answerable: all that was expected stands in the answer. Unanswerable: it was refused.
        public var isRight: Bool
        /// Whether a cited document is one that holds the answer; nil where nothing was answered or none is expected.
        public var hasRightSource: Bool?
        /// F1 on characters against the expected answer; 0 where there is none.
        public var f1: Double
    }

    /// Figures of a whole list.
    public struct Summary: Codable, Sendable, Equatable {
        /// How many questions have an answer.
        public var answerable: Int
        /// How many have none.
        public var unanswerable: Int
        /// Share of answerable questions answered rightly.
        public var right: Double
        /// Share of answerable questions that were answered at all.
        public var answered: Double
        /// Share of right sources among answered answerable questions.
        public var rightSource: Double
        /// Share of unanswerable questions that were refused.
        public var refused: Double
        /// Mean F1 on characters over answerable questions.
        public var f1: Double
    }

    /// Judges one answer.
    public static func score(_ answer: Answer, for question: ListedQuestion) -> Score {
        let isRefused = answer.outcome == .notFound
        let isRight: Bool
        if !question.answerable {
            isRight = isRefused
        } else {
            isRight = !isRefused && contains(answer.text, question)
        }
        var source: Bool?
        if !isRefused, question.answerable, !question.documents.isEmpty {
            source = answer.citations.contains { question.documents.contains($0.document) }
        }
        return Score(
            id: question.id, isAnswerable: question.answerable, isRefused: isRefused, isRight: isRight,
            hasRightSource: source, f1: question.answer.map { f1(answer.text, $0) } ?? 0)
    }

    /// Sums judgements up.
    public static func summary(_ scores: [Score]) -> Summary {
        let good = scores.filter(\.isAnswerable)
        let bad = scores.filter { !$0.isAnswerable }
        let sources = good.compactMap(\.hasRightSource)
        func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
        return Summary(
            answerable: good.count, unanswerable: bad.count, right: share(good.filter(\.isRight).count, good.count),
            answered: share(good.filter { !$0.isRefused }.count, good.count),
            rightSource: share(sources.filter { $0 }.count, sources.count),
            refused: share(bad.filter(\.isRefused).count, bad.count),
            f1: good.isEmpty ? 0 : good.map(\.f1).reduce(0, +) / Double(good.count))
    }

    /// Whether of every group of keywords one stands in the text; without keywords, whether the expected answer's
    /// numbers and names do and most of its characters.
    static func contains(_ text: String, _ question: ListedQuestion) -> Bool {
        if question.keywords.isEmpty {
            guard let expected = question.answer else { return true }
            return Numbers.unsupported(in: expected, by: text).isEmpty
                && Names.unsupported(in: expected, by: text).isEmpty && recall(of: expected, in: text) >= 0.6
        }
        let key = Normalisation.comparisonKey(text)
        return question.keywords.allSatisfy { group in
            group.contains { word in
                let wanted = Normalisation.comparisonKey(word)
                return key.contains(wanted) || isNumber(word, in: text)
            }
        }
    }

    /// A keyword that is a number with a unit counts in every way of writing it.
    private static func isNumber(_ word: String, in text: String) -> Bool {
        let mentions = Numbers.mentions(in: word)
        guard let only = mentions.first, mentions.count == 1,
            only.range.count >= word.unicodeScalars.filter({ !$0.isBlank }).count
        else { return false }
        return Numbers.mentions(in: text).contains { $0.key == only.key }
    }

    private static func recall(of expected: String, in text: String) -> Double {
        let (common, _, wanted) = overlap(text, expected)
        return wanted == 0 ? 1 : Double(common) / Double(wanted)
    }

    /// F1 on characters without blanks and punctuation.
    public static func f1(_ text: String, _ expected: String) -> Double {
        let (common, said, wanted) = overlap(text, expected)
        guard common > 0 else { return 0 }
        return 2 * Double(common) / Double(said + wanted)
    }

    private static func overlap(_ text: String, _ expected: String) -> (common: Int, said: Int, wanted: Int) {
        let said = Array(Normalisation.comparisonKey(text).unicodeScalars)
        let wanted = Array(Normalisation.comparisonKey(expected).unicodeScalars)
        var counts: [Unicode.Scalar: Int] = [:]
        for scalar in said { counts[scalar, default: 0] += 1 }
        var common = 0
        for scalar in wanted where (counts[scalar] ?? 0) > 0 {
            counts[scalar, default: 0] -= 1
            common += 1
        }
        return (common, said.count, wanted.count)
    }
}
