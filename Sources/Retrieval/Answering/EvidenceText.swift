import Storage
import Text

/// A passage prepared for alignment: its sentences with their terms, and what stands above them.
struct EvidenceText: Sendable {
    /// A sentence, list item or table row of the passage.
    struct Piece: Sendable {
        /// Place in the passage's text, in Unicode scalars.
        var range: Range<Int>
        var text: String
        var terms: Set<String>
        /// A row of a table or list of values: what it says is said of its own subject only.
        var isRow: Bool
    }

    let hit: PassageHit
    let pieces: [Piece]
    /// Headings, the table's header row and the document's day: they may be quoted, but alone they prove nothing.
    let context: String
    let contextTerms: Set<String>

    init(_ hit: PassageHit) {
        self.hit = hit
        let scalars = Array(hit.passage.text.unicodeScalars)
        pieces = Self.pieceRanges(scalars).map { range, isRow in
            let text = String(scalars: scalars[range])
            return Piece(
                range: range, text: text, terms: Set(SearchTerms.terms(in: text).map(\.text)), isRow: isRow)
        }
        context = [hit.passage.heading, hit.passage.lead, hit.passage.document.date ?? ""].joined(separator: "\n")
        contextTerms = Set(SearchTerms.terms(in: context).map(\.text))
    }

    /// Rows and records are whole lines; other lines are split into sentences.
    private static func pieceRanges(_ scalars: [Unicode.Scalar]) -> [(Range<Int>, isRow: Bool)] {
        var result: [(Range<Int>, isRow: Bool)] = []
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, scalars[end] != "\n" { end += 1 }
            let line = scalars[start..<end]
            switch LineForm(line) {
            case .blank, .tableRule: break
            case .tableRow, .record:
                let body = line.trimmed
                result.append((body.startIndex..<body.endIndex, true))
            default:
                for range in Sentences.ranges(in: Array(line)) {
                    result.append((start + range.lowerBound..<start + range.upperBound, false))
                }
            }
            start = end + 1
        }
        return result
    }

    /// The text of some pieces, with what stands above them.
    func text(of indices: [Int]) -> String {
        ([context] + indices.map { pieces[$0].text }).joined(separator: "\n")
    }

    /// One citation for pieces that lie in one stretch, or several.
    func spans(of indices: [Int]) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        var previous: Int?
        for index in indices.sorted() {
            let range = pieces[index].range
            if let last = previous, last + 1 == index, let span = spans.last, !pieces[index].isRow {
                spans[spans.count - 1] = span.lowerBound..<range.upperBound
            } else {
                spans.append(range)
            }
            previous = index
        }
        return spans
    }
}
