import Foundation
import Storage
import Text

/// Ranks candidates for one question: BM25 over the version's own statistics, then the share of the question's
/// content that is there. Deterministic; ties go by document path and place.
struct PassageRanking {
    let question: Question
    let version: IndexVersion
    let frequencies: [String: Int]

    /// Inverse document frequency as in BM25, never negative.
    func idf(_ frequency: Int) -> Double {
        let count = Double(max(1, version.passages))
        let n = min(Double(frequency), count)
        return log(1 + (count - n + 0.5) / (n + 0.5))
    }

    /// Inverse document frequency of each term of the question; a term that is nowhere has the greatest.
    var rarities: [String: Double] {
        var result: [String: Double] = [:]
        for term in question.terms { result[term] = idf(frequencies[term] ?? 0) }
        return result
    }

    func hit(_ passage: StoredPassage) -> PassageHit {
        var counts: [String: Double] = [:]
        for term in passage.bodyTerms { counts[term, default: 0] += 1 }
        for term in passage.headingTerms { counts[term, default: 0] += 2 }
        let length = Double(passage.bodyTerms.count + passage.headingTerms.count)
        let mean = Double(version.terms) / Double(max(1, version.passages))
        let (bm25, best) = bm25(counts: counts, length: length, mean: max(1, mean))
        let (coverage, unknown, exact) = coverage(counts)
        let features = RetrievalFeatures(
            bm25: bm25, bm25Share: best > 0 ? min(1, bm25 / best) : 0, coverage: coverage, unknown: unknown,
            exact: exact, proximity: proximity(counts))
        return PassageHit(passage: passage, score: Self.score(features), features: features)
    }

    /// One number for the order of hits.
    static func score(_ features: RetrievalFeatures) -> Double {
        (features.bm25Share + features.coverage + 0.15 * features.proximity) * (0.5 + 0.5 * features.exact)
    }

    private func bm25(counts: [String: Double], length: Double, mean: Double) -> (Double, Double) {
        let k1 = 1.2
        let b = 0.75
        var sum = 0.0
        var best = 0.0
        for term in question.terms {
            let frequency = frequencies[term] ?? 0
            // A term that is nowhere tells nothing about which passage is best; `unknown` counts it.
            guard frequency > 0 else { continue }
            let weight = idf(frequency)
            best += weight * (k1 + 1) * 0.8
            guard let count = counts[term] else { continue }
            sum += weight * count * (k1 + 1) / (count + k1 * (1 - b + b * length / mean))
        }
        return (sum, best)
    }

    private func coverage(_ counts: [String: Double]) -> (coverage: Double, unknown: Double, exact: Double) {
        var all = 0.0
        var covered = 0.0
        var unknown = 0.0
        var exact = 0.0
        var exactCovered = 0.0
        for unit in question.units where unit.weight > 0 {
            let known = unit.terms.compactMap { frequencies[$0] }.filter { $0 > 0 }
            // The rarest thing that a character could belong to is unknown; the commonest known pair is its weight.
            let rarity = idf(known.max() ?? 0)
            let weight = unit.weight * rarity
            var isThere = unit.terms.contains { counts[$0] != nil }
            if !isThere, !unit.parts.isEmpty { isThere = unit.parts.allSatisfy { counts[$0] != nil } }
            all += weight
            if isThere { covered += weight }
            if known.isEmpty, !isThere { unknown += weight }
            if unit.isExact {
                exact += weight
                if isThere { exactCovered += weight }
            }
        }
        guard all > 0 else { return (0, 1, 1) }
        return (covered / all, unknown / all, exact > 0 ? exactCovered / exact : 1)
    }

    /// Units beside each other that are both there by the pair that joins them.
    private func proximity(_ counts: [String: Double]) -> Double {
        let pairs = question.terms.filter { ($0.unicodeScalars.first?.isIdeographic ?? false) && (frequencies[$0] ?? 0) > 0 }
        guard !pairs.isEmpty else { return 0 }
        return Double(pairs.filter { counts[$0] != nil }.count) / Double(pairs.count)
    }
}
