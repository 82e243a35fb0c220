/// The layout of a token shard. All numbers are little-endian.
///
/// | part | content |
/// |---|---|
/// | header, 64 bytes | magic, version, bytes of a token, SHA-256 of the tokenizer, zeros |
/// | rows | tokens; a bit for each: trained; perhaps labels (where they are other than the tokens); perhaps a bit for each: a document starts |
/// | table, 32 bytes a row | offset, group, checksum of the row and of its entry, count of tokens, flags |
/// | footer, 112 bytes | offset of the table; counts of rows, tokens, trained tokens; longest row; SHA-256 of the rows; SHA-256 of header and footer; magic |
///
/// Rows are read one by one, so that data larger than memory train; the table is read entry by entry for the same
/// reason.
enum TokenShardFormat {
    static let magic = Array("PALLETTS".utf8)
    static let version: UInt32 = 1
    static let headerSize = 64
    static let entrySize = 32
    static let footerSize = 112

    static let hasLabels: UInt32 = 1
    static let hasPositions: UInt32 = 2

    /// How many bytes a token takes where the vocabulary has so many.
    static func width(vocabularySize: Int) -> Int { vocabularySize <= 1 << 16 ? 2 : 4 }

    /// Bytes of a row; nil where no file could hold it.
    static func size(count: Int, width: Int, flags: UInt32) -> Int? {
        guard count >= 0, count <= Int(Int32.max) else { return nil }
        var size = count * width + (count + 7) / 8
        if flags & hasLabels != 0 { size += 4 * count }
        if flags & hasPositions != 0 { size += (count + 7) / 8 }
        return size
    }

    /// A 64-bit checksum of a row at its place: any flipped bit, and rows that changed places, give another one.
    static func checksum(_ bytes: [UInt8], index: Int, offset: UInt64, group: UInt64, flags: UInt32) -> UInt64 {
        var state = SplitMix64.mixed(UInt64(index) ^ 0x5048_4152_4421_0001)
        state = SplitMix64.mixed(state ^ offset)
        state = SplitMix64.mixed(state ^ group)
        state = SplitMix64.mixed(state ^ UInt64(flags) << 32 ^ UInt64(bytes.count))
        var place = 0
        while place + 8 <= bytes.count {
            state = SplitMix64.mixed(state ^ number(bytes, place, 8))
            place += 8
        }
        return place == bytes.count ? state : SplitMix64.mixed(state ^ number(bytes, place, bytes.count - place))
    }

    /// A number of up to eight bytes; the range must lie inside.
    static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(bytes[place + index]) }
        return value
    }

    static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
    }

    /// The bytes of a row and its flags.
    static func bytes(of row: TrainingRow, width: Int) -> (bytes: [UInt8], flags: UInt32) {
        var flags: UInt32 = row.positions == nil ? 0 : hasPositions
        var bytes: [UInt8] = []
        for token in row.tokens { append(UInt64(UInt32(bitPattern: token)), width, to: &bytes) }
        var bits = [UInt8](repeating: 0, count: (row.tokens.count + 7) / 8)
        for (index, label) in row.labels.enumerated() where label != TrainingRow.ignored {
            bits[index / 8] |= 1 << UInt8(index % 8)
            if label != row.tokens[index] { flags |= hasLabels }
        }
        bytes += bits
        if flags & hasLabels != 0 {
            for label in row.labels { append(UInt64(UInt32(bitPattern: label)), 4, to: &bytes) }
        }
        if let positions = row.positions {
            var starts = [UInt8](repeating: 0, count: (positions.count + 7) / 8)
            for (index, position) in positions.enumerated() where position == 0 {
                starts[index / 8] |= 1 << UInt8(index % 8)
            }
            bytes += starts
        }
        return (bytes, flags)
    }

    /// The row that these bytes are; their number is that of `size`.
    static func row(_ bytes: [UInt8], count: Int, width: Int, flags: UInt32) -> TrainingRow {
        func value(_ place: Int, _ size: Int) -> Int32 { Int32(truncatingIfNeeded: number(bytes, place, size)) }
        let tokens = (0..<count).map { value($0 * width, width) }
        var place = count * width
        var labels = tokens
        for index in 0..<count where bytes[place + index / 8] & 1 << UInt8(index % 8) == 0 {
            labels[index] = TrainingRow.ignored
        }
        place += (count + 7) / 8
        if flags & hasLabels != 0 {
            labels = (0..<count).map { value(place + 4 * $0, 4) }
            place += 4 * count
        }
        guard flags & hasPositions != 0 else { return TrainingRow(tokens: tokens, labels: labels) }
        var position: Int32 = -1
        let positions = (0..<count).map { index in
            position = bytes[place + index / 8] & 1 << UInt8(index % 8) == 0 ? position + 1 : 0
            return position
        }
        return TrainingRow(tokens: tokens, labels: labels, positions: positions)
    }
}
