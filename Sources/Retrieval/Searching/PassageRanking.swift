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

    /// The candidates with their features, best first.
    ///
    /// - Parameters:
    ///   - meaning: how alike passages are to the question, where the index has vectors.
    ///   - sentences: bytes of `SentenceVectors` by passage.
    func hits(
        _ passages: [StoredPassage], meaning: Meaning? = nil, sentences: [Int64: [UInt8]] = [:]
    ) -> [PassageHit] {
        var documents: [String: Set<String>] = [:]
        for passage in passages {
            documents[passage.document.record, default: []].formUnion(passage.bodyTerms)
            documents[passage.document.record, default: []].formUnion(passage.headingTerms)
        }
        let whole = documents.mapValues { terms in coverage { terms.contains($0) }.coverage }
        return passages.map { passage in
            var hit = hit(passage, document: whole[passage.document.record] ?? 0)
            if let meaning, let similarity = meaning.similarities.value(of: passage.id) {
                let parts = SentenceVectors(bytes: sentences[passage.id] ?? []).similarities(to: meaning.question)
                hit.sentenceSimilarities = parts
                let best = parts.values.max() ?? similarity
                hit.features.similarity = similarity
                hit.features.sentenceSimilarity = best
                hit.features.standing = meaning.similarities.standing(similarity)
                hit.features.sentenceStanding = meaning.similarities.standing(best)
                hit.score = Self.score(hit.features)
            }
            return hit
        }.sorted(by: PassageIndex.isBefore)
    }

    private func hit(_ passage: StoredPassage, document: Double) -> PassageHit {
        var counts: [String: Double] = [:]
        for term in passage.bodyTerms { counts[term, default: 0] += 1 }
        for term in passage.headingTerms { counts[term, default: 0] += 2 }
        let length = Double(passage.bodyTerms.count + passage.headingTerms.count)
        let mean = Double(version.terms) / Double(max(1, version.passages))
        let (bm25, best) = bm25(counts: counts, length: length, mean: max(1, mean))
        let (coverage, unknown, exact) = coverage { counts[$0] != nil }
        let features = RetrievalFeatures(
            bm25: bm25, bm25Share: best > 0 ? min(1, bm25 / best) : 0, coverage: coverage, unknown: unknown,
            exact: exact, proximity: proximity(counts), document: document, gap: gap { counts[$0] != nil },
            code: codes { counts[$0] != nil })
        return PassageHit(passage: passage, score: Self.score(features), features: features)
    }

    /// One number for the order of hits.
    static func score(_ features: RetrievalFeatures) -> Double {
        // What means alike adds to what is worded alike: by how far it stands out, since the level of similarities is
        // the model's own. Measured in `docs/retrieval.md`.
        let meaning = 0.25 * (max(0, features.standing) + max(0, features.sentenceStanding))
        return (features.bm25Share + features.coverage + 0.15 * features.proximity + 0.3 * features.document + meaning)
            * (0.5 + 0.5 * features.exact)
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
        // A synonym stands in for a word that is not there, at a discount.
        var used: Set<String> = []
        for unit in question.units
        where !unit.alternatives.isEmpty && !unit.terms.contains(where: { counts[$0] != nil }) {
            let present = unit.alternatives.filter { $0.allSatisfy { counts[$0] != nil } }
            for term in present.joined() where used.insert(term).inserted {
                let count = counts[term] ?? 0
                sum +=
                    0.4 * idf(frequencies[term] ?? 0) * count * (k1 + 1)
                    / (count + k1 * (1 - b + b * length / mean))
            }
        }
        return (sum, best)
    }

    /// How much of the question is shown by the terms for which `holds` is true; see `RetrievalFeatures`.
    func coverage(_ holds: (String) -> Bool) -> (coverage: Double, unknown: Double, exact: Double) {
        var all = 0.0
        var covered = 0.0
        var unknown = 0.0
        var exact = 0.0
        var exactCovered = 0.0
        for unit in question.units where unit.weight > 0 {
            let known = unit.terms.compactMap { frequencies[$0] }.filter { $0 > 0 }
            let other = unit.alternatives.compactMap { $0.map { frequencies[$0] ?? 0 }.min() }.max() ?? 0
            // The commonest known pair is a character's weight: a rare pair often only lies across two words. What
            // is known by a synonym alone is as rare as the synonym.
            let rarity = idf(max(known.max() ?? 0, known.isEmpty ? other : 0))
            let weight = unit.weight * rarity
            let share = unit.share(holds)
            all += weight
            covered += share * weight
            if known.isEmpty, other == 0 { unknown += weight }
            if unit.isExact {
                exact += weight
                exactCovered += share * weight
            }
        }
        guard all > 0 else { return (0, 1, 1) }
        return (covered / all, unknown / all, exact > 0 ? exactCovered / exact : 1)
    }

    /// How much of the question a sentence shows; what stands only above it counts a little less.
    func coverage(of ground: Ground) -> Double {
        let alone = coverage(ground.terms.contains).coverage
        let both = coverage { ground.terms.contains($0) || ground.context.contains($0) }.coverage
        return alone + 0.9 * (both - alone)
    }

    /// Share of the question's codes that `holds` shows; 0 when it has none.
    func codes(_ holds: (String) -> Bool) -> Double {
        let codes = question.units.filter(\.isCode)
        guard !codes.isEmpty else { return 0 }
        return codes.reduce(0) { $0 + $1.share(holds) } / Double(codes.count)
    }

    /// Whether a code, year or other long number of the question is missing: 45001 where a sentence speaks of 9001, or
    /// next year's price list. Of several codes (R2 and R3) one is enough, since a sentence or row speaks of one thing.
    /// Short numbers are mere conditions (租 100 片) and need not stand anywhere.
    func lacksIdentifier(_ holds: (String) -> Bool) -> Bool {
        let exact = question.units.filter { $0.isExact && $0.weight > 0 }
        let codes = exact.filter { $0.isCode || $0.isName }
        if !codes.isEmpty, !codes.contains(where: { $0.share(holds) > 0 }) { return true }
        return exact.contains { unit in
            let digits = (unit.terms.first ?? "").unicodeScalars.filter(\.isDigit).count
            return !unit.isCode && !unit.isName && digits >= 4 && unit.share(holds) == 0
        }
    }

    /// The heaviest stretch of units beside each other that `holds` does not show, as a share of all: a name that is
    /// missing is one stretch, a few words that differ are many.
    func gap(_ holds: (String) -> Bool) -> Double {
        var all = 0.0
        var widest = 0.0
        var current = 0.0
        for unit in question.units where unit.weight > 0 {
            let known = unit.terms.compactMap { frequencies[$0] }.filter { $0 > 0 }.max() ?? 0
            let weight = unit.weight * idf(known)
            all += weight
            current = unit.share(holds) > 0 ? 0 : current + weight
            widest = max(widest, current)
        }
        return all > 0 ? widest / all : 1
    }

    /// Units beside each other that are both there by the pair that joins them.
    private func proximity(_ counts: [String: Double]) -> Double {
        let pairs = question.terms.filter {
            ($0.unicodeScalars.first?.isIdeographic ?? false) && (frequencies[$0] ?? 0) > 0
        }
        guard !pairs.isEmpty else { return 0 }
        return Double(pairs.filter { counts[$0] != nil }.count) / Double(pairs.count)
    }
}
