import Storage

/// The sentences that answer best in the opinion of both: retrieval, and a model that was tuned to answer from
/// passages, which says how probable each is as its answer.
///
/// A small model begins with the wrong sentence more often than it finds it likely as a whole: greedy writing decides
/// at the first token. Retrieval errs elsewhere. Together they are right more often than either (`docs/retrieval.md`).
struct AnswerChoice: Sendable {
    /// A sentence with the opinion of both.
    private struct Candidate: Sendable {
        var quotation: Quotation
        var score: Double
    }

    /// The sentences that the model was asked about, best first.
    private let candidates: [Candidate]
    /// The others, in the opinion of retrieval and, since the model says them unasked, as likely as the likeliest.
    private let others: [Candidate]

    /// How many sentences the model is asked about: each costs a pass over its tokens.
    static let asked = 5
    /// How much a nat of mean log-probability a character counts beside retrieval's score.
    private static let likelihoodWeight = 1.0
    /// Characters that are added to a sentence's length, so that short ones do not win by a lucky token.
    private static let lengthOffset = 10.0
    /// By how much another sentence has to be better for the model's own to be passed over.
    private static let margin = 0.2

    /// - Parameters:
    ///   - quotations: all sentences of the passages, best first.
    ///   - logProbabilities: of the first ones' texts as the beginning of the answer, in nats.
    init(_ quotations: [Quotation], logProbabilities: [Double]) {
        let means = zip(quotations, logProbabilities).map { quotation, logProbability in
            let length = Double(quotation.text.unicodeScalars.count) + Self.lengthOffset
            // A text that is no answer at all to the model is not worse than any other such.
            return max(logProbability.isFinite ? logProbability / length : -.infinity, -3)
        }
        let likeliest = means.max() ?? 0
        others = quotations.dropFirst(means.count).map {
            Candidate(quotation: $0, score: $0.score + Self.likelihoodWeight * likeliest)
        }
        candidates = zip(quotations, means).map { quotation, mean in
            Candidate(quotation: quotation, score: quotation.score + Self.likelihoodWeight * mean)
        }
        .enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
    }

    /// The best sentence; nil without any.
    var best: Quotation? { candidates.first?.quotation }

    /// Whether a sentence of the model rests on a place that is clearly worse than the best one. A sentence that lacks
    /// what kind of thing was asked for outvotes nothing.
    func outvotes(_ support: AnswerAlignment.Support) -> Bool {
        guard let first = candidates.first, let last = candidates.last, first.quotation.isServing != false else {
            return false
        }
        let own = (candidates + others).first { Self.isSamePlace($0.quotation.support, support) }
        return first.score - (own ?? last).score > Self.margin
    }

    private static func isSamePlace(_ a: AnswerAlignment.Support, _ b: AnswerAlignment.Support) -> Bool {
        a.passage.id == b.passage.id && a.spans.contains { span in b.spans.contains { $0.overlaps(span) } }
    }
}
