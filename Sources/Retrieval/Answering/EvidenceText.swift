import Storage
import Text

/// What a claim is compared with: terms and numbers of some sentences, and what stands above them.
struct Ground: Sendable {
    var terms: Set<String> = []
    /// Terms of headings, header rows and the question line above: they may be said, but alone they prove nothing.
    var context: Set<String> = []
    var numbers: [NumberMention] = []

    func union(_ other: Ground) -> Ground {
        Ground(
            terms: terms.union(other.terms), context: context.union(other.context), numbers: numbers + other.numbers)
    }
}

/// A passage prepared for alignment: its sentences with their terms, and what stands above them.
struct EvidenceText: Sendable {
    /// A sentence, list item or table row of the passage.
    struct Piece: Sendable {
        enum Kind: Sendable {
            case sentence
            /// A row of a table or list of values: what it says is said of its own subject only.
            case row
            /// A heading, the header row of a table, a question: says nothing by itself, names what follows.
            case label
        }

        /// Place in the passage's text, in Unicode scalars.
        var range: Range<Int>
        var text: String
        var kind: Kind
        /// What it stands under in the passage.
        var above: Labels
        var ground: Ground
    }

    /// What a piece stands under.
    struct Labels: Sendable {
        /// The heading line above it inside the passage.
        var section = ""
        /// The question that it answers.
        var asked = ""
        /// The header row of its table, wherever that stands.
        var header = ""

        var text: String { [section, asked, header].filter { !$0.isEmpty }.joined(separator: "\n") }
    }

    let passage: StoredPassage
    let pieces: [Piece]
    /// Headings, the table's header row and the document's day.
    let context: String

    /// Whether another passage says something newer about the same.
    var isSuperseded = false
    /// How alike its pieces are to the question, by their place; empty without vectors.
    var similarities: [Int: Double] = [:]

    init(_ hit: PassageHit) {
        self.init(hit.passage)
        isSuperseded = hit.supersededBy != nil
        similarities = hit.sentenceSimilarities
    }

    init(_ passage: StoredPassage) {
        self.passage = passage
        context = [passage.heading, passage.lead, passage.document.date ?? ""].joined(separator: "\n")
        let above = Self.terms(context)
        var reader = PieceReader(scalars: Array(passage.text.unicodeScalars), lead: passage.lead)
        reader.read()
        pieces = reader.lines.map { line in
            Piece(
                range: line.range, text: line.text, kind: line.kind, above: line.above,
                ground: Ground(
                    terms: Self.terms(line.text), context: above.union(Self.terms(line.above.text)),
                    numbers: Numbers.mentions(in: line.text)))
        }
    }

    /// The pieces that say something.
    var statements: [Int] { pieces.indices.filter { pieces[$0].kind != .label } }

    static func terms(_ text: String) -> Set<String> { Set(SearchTerms.terms(in: text).map(\.text)) }

    /// The text of some pieces, with what stands above them.
    func text(of indices: [Int]) -> String {
        ([context] + indices.flatMap { [pieces[$0].above.text, pieces[$0].text] }).joined(separator: "\n")
    }

    /// What the pieces together say.
    func ground(of indices: [Int]) -> Ground {
        indices.reduce(Ground()) { $0.union(pieces[$1].ground) }
    }

    /// One span for sentences beside each other, one for each row.
    func spans(of indices: [Int]) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        var previous: Int?
        for index in indices.sorted() {
            let range = pieces[index].range
            if let last = previous, last + 1 == index, let span = spans.last, pieces[index].kind == .sentence {
                spans[spans.count - 1] = span.lowerBound..<range.upperBound
            } else {
                spans.append(range)
            }
            previous = index
        }
        return spans
    }
}

/// Reads the lines of a passage: rows and records stay whole, other lines are split into sentences; each learns what
/// it stands under.
private struct PieceReader {
    typealias Piece = EvidenceText.Piece

    let scalars: [Unicode.Scalar]
    var lines: [(range: Range<Int>, text: String, kind: Piece.Kind, above: EvidenceText.Labels)] = []
    private var above = EvidenceText.Labels()
    private var isInTable: Bool

    /// - Parameter lead: the header row of the table in which the passage begins, or empty.
    init(scalars: [Unicode.Scalar], lead: String) {
        self.scalars = scalars
        isInTable = !lead.isEmpty
        above.header = lead
    }

    mutating func read() {
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, scalars[end] != "\n" { end += 1 }
            take(start..<end)
            start = end + 1
        }
    }

    private mutating func take(_ range: Range<Int>) {
        let body = scalars[range].trimmed
        let form = LineForm(body)
        if form != .tableRow, form != .tableRule, form != .blank {
            isInTable = false
            above.header = ""
        }
        switch form {
        case .blank, .tableRule: break
        case .heading(_, let title):
            append(body, .label)
            above.asked = ""
            above.section = title
        case .question:
            append(body, .label)
            above.asked = String(scalars: body)
        case .tableRow:
            if isInTable {
                append(body, .row)
            } else {
                isInTable = true
                append(body, .label)
                above.header = String(scalars: body)
            }
        case .record:
            append(body, .row)
        case .answer, .listItem, .prose:
            for sentence in Sentences.ranges(in: Array(body)) {
                append(
                    scalars[body.startIndex + sentence.lowerBound..<body.startIndex + sentence.upperBound], .sentence)
            }
        }
    }

    private mutating func append(_ body: ArraySlice<Unicode.Scalar>, _ kind: Piece.Kind) {
        guard !body.isEmpty else { return }
        lines.append((body.startIndex..<body.endIndex, String(scalars: body), kind, above))
    }
}
