import Storage
import Text

/// Two documents that speak of the same and name different numbers: the newer one goes first.
enum Contradiction {
    /// Scores that differ by less than this share count as close.
    static let closeness = 0.2

    /// Moves a newer passage before an older one where both answer about equally well, are about the same, and name
    /// different numbers. The older one keeps its place behind and says what superseded it.
    static func newerFirst(_ hits: [PassageHit]) -> [PassageHit] {
        var result = hits
        for index in result.indices.dropFirst() {
            var place = index
            for earlier in (0..<place).reversed() {
                guard supersedes(result[place], result[earlier]) else { continue }
                result[earlier].supersededBy = result[place].passage.document.path
                let newer = result.remove(at: place)
                result.insert(newer, at: earlier)
                place = earlier
            }
        }
        for older in result.indices where result[older].supersededBy == nil {
            if let newer = result[..<older].first(where: { supersedes($0, result[older]) }) {
                result[older].supersededBy = newer.passage.document.path
            }
        }
        return result
    }

    /// Whether `a` is newer than `b`, about the same, close in score, and says other numbers.
    static func supersedes(_ a: PassageHit, _ b: PassageHit) -> Bool {
        guard let day = a.passage.document.date, let older = b.passage.document.date, day > older,
            a.passage.document.path != b.passage.document.path,
            a.score >= b.score * (1 - closeness), a.features.coverage >= b.features.coverage - 0.1
        else { return false }
        let (x, y) = (Set(a.passage.bodyTerms), Set(b.passage.bodyTerms))
        let shared = x.intersection(y)
        let similarity = Double(shared.count) / Double(max(1, min(x.count, y.count)))
        guard similarity >= 0.4 else { return false }
        func numbers(_ terms: Set<String>) -> Set<String> {
            terms.filter { $0.unicodeScalars.allSatisfy { $0.isDigit || $0 == "." } }
        }
        return numbers(x) != numbers(y)
    }
}
