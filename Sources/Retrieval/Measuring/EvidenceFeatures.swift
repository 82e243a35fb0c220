import Storage
import Text

/// What speaks for or against an answer in what was found; see `EvidenceModel`.
///
/// A few features that say the same on every company's documents beat many that fit one: chosen by leaving one company
/// out (`docs/retrieval.md`).
public struct EvidenceFeatures: Codable, Sendable, Equatable {
    /// Names of the values, in order. The last three are 0 without vectors.
    public static let names = [
        "coverage", "gap", "exact", "notServing", "units", "quoted", "sentenceStanding", "margin",
    ]
    /// The values, in the order of `names`.
    public let values: [Double]
    /// Whether the index has vectors: a model is made for one or the other.
    public let hasVectors: Bool

    /// Nil when nothing was found. Cost: reads the text of at most three passages.
    public init?(_ found: FoundPassages) {
        guard let best = found.hits.first?.features else { return nil }
        let top = found.hits.prefix(3)
        let hits = found.hits.prefix(5)
        let sentence = Quotation.best(found, in: top.map(EvidenceText.init), minimum: 0)
        hasVectors = found.meaning != nil
        values = [
            top.map(\.features.coverage).max() ?? 0,
            top.map(\.features.gap).min() ?? 1,
            best.exact,
            sentence?.isServing == false ? 1 : 0,
            Self.asked(found.question.text, in: sentence),
            hasVectors ? ((sentence?.similarity ?? 0.8) - 0.8) * 10 : 0,
            (hits.map(\.features.sentenceStanding).max() ?? 0) / 3,
            hasVectors ? ((hits.first?.score ?? 0) - (hits.last?.score ?? 0)) / 2 : 0,
        ]
    }

    /// 1 where the best sentence has the unit that the question names (几天 … 5 天), -1 where it has not, 0 where none
    /// is named.
    private static func asked(_ question: String, in sentence: Quotation?) -> Double {
        let units = QuestionKind.askedUnits(question)
        guard !units.isEmpty else { return 0 }
        let holds = sentence?.support.ground.numbers.contains { units.contains($0.unit ?? "") } ?? false
        return holds ? 1 : -1
    }
}
