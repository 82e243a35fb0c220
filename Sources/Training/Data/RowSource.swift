/// Rows that a run reads by number: in memory or in a shard.
public protocol RowSource: Sendable {
    /// How many rows there are.
    var count: Int { get }
    /// A row, from 0.
    func row(_ index: Int) throws -> TrainingRow
    /// A number that is equal for rows with the same beginning, so that what they share can be computed once. How much
    /// they share is for the user to find out: two rows of a group may share more or less.
    func group(_ index: Int) -> Int
    /// SHA-256 of the rows in their order, hexadecimal: names the data in checkpoints and run cards.
    var hash: String { get }
}

/// Rows that are held in memory.
public struct RowsInMemory: RowSource {
    /// The rows.
    public let rows: [TrainingRow]
    /// SHA-256 of the rows in their order, hexadecimal.
    public let hash: String
    private let groups: [Int]

    /// Takes rows; cost: one pass over their tokens, and sorting them.
    ///
    /// - Parameter leastShared: rows that share fewer first tokens form no group.
    public init(_ rows: [TrainingRow], leastShared: Int = RowGroups.leastShared) {
        self.rows = rows
        var hasher = RowHasher()
        for row in rows { hasher.add(row) }
        groups = RowGroups.groups(of: rows, leastShared: leastShared)
        hash = hasher.hexadecimal()
    }

    /// How many rows there are.
    public var count: Int { rows.count }

    /// A row, from 0.
    public func row(_ index: Int) throws -> TrainingRow {
        guard rows.indices.contains(index) else { throw RowSourceError.noSuchRow(index: index, count: rows.count) }
        return rows[index]
    }

    /// A number that is equal for rows with the same beginning (see ``RowGroups``).
    public func group(_ index: Int) -> Int { groups.indices.contains(index) ? groups[index] : 0 }
}

/// The hash of rows in their order: equal for rows in memory and in a shard.
struct RowHasher {
    private var hasher = SHA256Stream()

    mutating func add(_ row: TrainingRow) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * row.tokens.count + 8)
        func append(_ value: UInt32) {
            for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        append(UInt32(truncatingIfNeeded: row.tokens.count))
        for token in row.tokens { append(UInt32(bitPattern: token)) }
        for label in row.labels { append(UInt32(bitPattern: label)) }
        append(row.positions == nil ? 0 : 1)
        for position in row.positions ?? [] { append(UInt32(bitPattern: position)) }
        hasher.update(bytes)
    }

    func hexadecimal() -> String { hasher.hexadecimal() }
}

/// A row that is asked for and not there.
public enum RowSourceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The number is outside the rows.
    case noSuchRow(index: Int, count: Int)

    /// What is wrong.
    public var description: String {
        switch self {
        case .noSuchRow(let index, let count): "there is no row \(index): the data have \(count) rows, counted from 0"
        }
    }
}
