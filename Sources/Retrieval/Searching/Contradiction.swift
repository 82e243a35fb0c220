import Corpus
import Storage
import Text

/// Two documents that speak of the same and name different numbers: the newer one counts.
///
/// Compared are not the passages but the sentence (or table row) of each that answers the question best: they have to
/// share most of their words, speak of the same code if of any, and name different values of one kind (元, 工作日, a
/// time of day). Whole passages share too much or too little to tell.
struct Contradiction {
    let ranking: PassageRanking

    /// How many hits are compared.
    static let compared = 8
    /// The newer one's score may be lower by this share of the older one's.
    static let closeness = 0.4

    private struct Statement {
        var coverage: Double
        var words: Set<String>
        var codes: Set<String>
        var values: [String: Set<String>]
    }

    /// Moves a newer passage before the older one that it contradicts; the older one says what superseded it.
    func newerFirst(_ hits: [PassageHit]) -> [PassageHit] {
        var result = hits
        var statements = hits.prefix(Self.compared).map(statement)
        for index in statements.indices.dropFirst() {
            var place = index
            for earlier in (0..<place).reversed() {
                guard supersedes(result[place], statements[place], result[earlier], statements[earlier]) else {
                    continue
                }
                result[earlier].supersededBy = result[place].passage.document.path
                result.insert(result.remove(at: place), at: earlier)
                statements.insert(statements.remove(at: place), at: earlier)
                place = earlier
            }
        }
        for older in statements.indices where result[older].supersededBy == nil {
            let newer = (0..<older).first {
                supersedes(result[$0], statements[$0], result[older], statements[older])
            }
            if let newer { result[older].supersededBy = result[newer].passage.document.path }
        }
        return result
    }

    private func supersedes(_ a: PassageHit, _ x: Statement?, _ b: PassageHit, _ y: Statement?) -> Bool {
        guard let x, let y, let day = a.passage.document.date, let older = b.passage.document.date, day > older,
            a.passage.document.path != b.passage.document.path, a.score >= b.score * (1 - Self.closeness),
            x.coverage >= y.coverage - 0.15
        else { return false }
        // Copying a file makes it new: such a day says nothing against one that stands in a document.
        let weak = DateSource.fileTime.rawValue
        if a.passage.document.dateSource == weak, b.passage.document.dateSource != weak { return false }
        guard x.codes.isEmpty == y.codes.isEmpty, x.codes.isEmpty || !x.codes.isDisjoint(with: y.codes) else {
            return false
        }
        let shared = Double(x.words.intersection(y.words).count)
        guard shared >= 0.35 * Double(max(1, min(x.words.count, y.words.count))) else { return false }
        let common = x.values.keys.filter { y.values[$0] != nil }
        return common.contains { kind in x.values[kind].map { $0.isDisjoint(with: y.values[kind] ?? []) } ?? false }
    }

    /// The sentence or row of the passage that shows most of the question.
    private func statement(_ hit: PassageHit) -> Statement? {
        let text = EvidenceText(hit)
        var best: (index: Int, coverage: Double)?
        for index in text.statements {
            let coverage = ranking.coverage(of: text.pieces[index].ground)
            if coverage > (best?.coverage ?? 0.3) { best = (index, coverage) }
        }
        guard let best else { return nil }
        let piece = text.pieces[best.index]
        var values: [String: Set<String>] = [:]
        for mention in piece.ground.numbers where mention.kind != .date && mention.kind != .ordinal {
            let isCounted = mention.kind == .quantity || mention.kind == .money
            values[isCounted ? mention.unit ?? "" : mention.kind.rawValue, default: []].insert(mention.key)
        }
        let words = piece.ground.terms.filter { term in !term.unicodeScalars.contains(where: \.isDigit) }
        return Statement(
            coverage: best.coverage, words: words, codes: Set(Names.codes(in: piece.text).map(\.value)),
            values: values)
    }
}
