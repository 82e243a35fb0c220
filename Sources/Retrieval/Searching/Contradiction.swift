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
    /// How alike passages are to the question, where the index has vectors.
    var meaning: Meaning?

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
        guard let x, let y, let order = Self.order(a.passage, b.passage),
            a.passage.document.path != b.passage.document.path, a.score >= b.score * (1 - Self.closeness),
            x.coverage >= y.coverage - (meaning == nil ? 0.15 : 0.3)
        else { return false }
        guard x.codes.isEmpty == y.codes.isEmpty, x.codes.isEmpty || !x.codes.isDisjoint(with: y.codes) else {
            return false
        }
        let shared = Double(x.words.intersection(y.words).count)
        guard shared >= 0.35 * Double(max(1, min(x.words.count, y.words.count))) else { return false }
        let common = x.values.keys.filter { y.values[$0] != nil }
        return common.contains { kind in
            guard let newer = x.values[kind], let older = y.values[kind] else { return false }
            // 70 元 → 90 元 names the old value beside the new one.
            return newer.isStrictSuperset(of: older) || (order == .newer && newer.isDisjoint(with: older))
        }
    }

    private enum Order {
        /// The first is the newer one, or it announces a change of what has no day of its own.
        case newer
        /// The first has a day, the second none; that alone does not make it newer.
        case dated
    }

    /// How two passages stand in time; nil where the first is not newer.
    private static func order(_ a: StoredPassage, _ b: StoredPassage) -> Order? {
        // Copying a file makes it new: such a day says nothing against one that stands in a document.
        let weak = DateSource.fileTime.rawValue
        let isWeak = (
            a.document.date == nil || a.document.dateSource == weak,
            b.document.date == nil
                || b.document.dateSource == weak
        )
        switch isWeak {
        case (true, false): return nil
        case (false, true): return announcesChange(a) ? .newer : .dated
        default:
            guard let day = a.document.date, let other = b.document.date else { return nil }
            return day > other ? .newer : nil
        }
    }

    /// Words with which a company says that something is no longer as it was.
    private static let changes = [
        "调整", "改为", "变更", "更正", "修订", "作废", "取代", "替代", "缩短为", "延长至", "延长为", "提高到", "提高至", "降为", "降至", "上调", "下调",
        "→", "起执行", "起生效", "新标准", "changed to", "replaces", "instead of", "with effect from", "effective",
        "no longer", "increased to", "reduced to",
    ]

    private static func announcesChange(_ passage: StoredPassage) -> Bool {
        let text = [passage.document.title, passage.heading, passage.text].joined(separator: "\n").lowercased()
        return changes.contains { text.contains($0) }
    }

    /// The sentence or row of the passage that shows most of the question.
    private func statement(_ hit: PassageHit) -> Statement? {
        let text = EvidenceText(hit)
        var best: (index: Int, coverage: Double, fit: Double)?
        for index in text.statements {
            let coverage = ranking.coverage(of: text.pieces[index].ground)
            var fit = coverage
            if let similarity = text.similarities[text.pieces[index].range.lowerBound] {
                fit += 0.25 * (meaning?.similarities.standing(similarity) ?? 0)
            }
            if fit > (best?.fit ?? 0.3) { best = (index, coverage, fit) }
        }
        guard let best else { return nil }
        let piece = text.pieces[best.index]
        // Two rows are compared column by column: last year's price and this year's stand beside the same deposit.
        var values = piece.kind == .row ? RowText.values(piece) : [:]
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
