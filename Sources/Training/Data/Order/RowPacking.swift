/// Puts several documents into one row, so that no computation goes to padding.
///
/// First fit in the order given: a document goes into the first open row with room. Nothing leaks between documents:
/// positions restart, attention sees the own document only, and the first label of each is not trained.
public struct RowPacking: Sendable {
    /// Most tokens of a packed row.
    public let context: Int
    /// How many rows may be open at once: bounds time and memory; the fullest are closed first.
    public let openRows: Int

    private var open: [TrainingRow] = []

    /// Packs into rows of at most `context` tokens.
    public init(context: Int, openRows: Int = 64) {
        (self.context, self.openRows) = (context, max(1, openRows))
    }

    /// Takes a document; gives the rows that are closed by it. A document longer than the context is a row of its own.
    public mutating func add(_ row: TrainingRow) -> [TrainingRow] {
        guard !row.tokens.isEmpty else { return [] }
        let document = Self.document(row)
        guard row.tokens.count < context else { return [document] }
        if let place = open.firstIndex(where: { $0.tokens.count + row.tokens.count <= context }) {
            open[place].tokens += document.tokens
            open[place].labels += document.labels
            open[place].positions? += document.positions ?? []
            return open[place].tokens.count == context ? [open.remove(at: place)] : []
        }
        open.append(document)
        guard open.count > openRows,
            let fullest = open.indices.max(by: { open[$0].tokens.count < open[$1].tokens.count })
        else { return [] }
        return [open.remove(at: fullest)]
    }

    /// The rows that are still open.
    public mutating func finish() -> [TrainingRow] {
        defer { open = [] }
        return open
    }

    /// All rows packed.
    public static func packed(_ rows: [TrainingRow], context: Int) -> [TrainingRow] {
        var packing = RowPacking(context: context)
        var packed: [TrainingRow] = []
        for row in rows { packed += packing.add(row) }
        return packed + packing.finish()
    }

    /// A row with its positions written out, and no label where a document begins.
    private static func document(_ row: TrainingRow) -> TrainingRow {
        var document = row
        let positions = row.positions ?? (0..<Int32(clamping: row.tokens.count)).map(\.self)
        document.positions = positions
        for index in row.labels.indices where row.startsDocument(index) { document.labels[index] = TrainingRow.ignored }
        return document
    }
}
