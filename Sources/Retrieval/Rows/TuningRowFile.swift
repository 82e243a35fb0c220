public import Foundation

/// Tuning rows as JSON lines.
public enum TuningRowFile {
    /// Reads dialogues in OpenAI's form; empty lines are skipped.
    /// - Throws: `TuningRowError.badRow` with the first line that is none; what the file system throws.
    public static func read(_ file: URL) throws -> [TuningRow] {
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var rows: [TuningRow] = []
        for (number, line) in lines.enumerated() where line.contains(where: { $0 > 0x20 }) {
            guard let row = try? JSONDecoder().decode(TuningRow.self, from: Data(line)),
                row.messages.last?.role == "assistant",
                row.messages.allSatisfy({ ["system", "user", "assistant", "tool"].contains($0.role) })
            else { throw TuningRowError.badRow(path: file.path, line: number + 1) }
            rows.append(row)
        }
        return rows
    }

    /// Writes one row to a line, keys in a fixed order.
    public static func write(_ rows: [TuningRow], to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for row in rows {
            data.append(try encoder.encode(row))
            data.append(UInt8(ascii: "\n"))
        }
        try data.write(to: file, options: .atomic)
    }

    /// Rows with general ones between their groups, evenly, so that these are `share` of all; each general row at most
    /// once.
    public static func mixed(_ rows: [TuningRow], with general: [TuningRow], share: Double, seed: UInt64) -> [TuningRow]
    {
        guard !general.isEmpty, share > 0, share < 1 else { return rows }
        var choice = SeededChoice(seed: seed)
        let wanted = min(general.count, Int((Double(rows.count) * share / (1 - share)).rounded()))
        var chosen = general.shuffled(using: &choice).prefix(wanted)
        var result: [TuningRow] = []
        for (place, row) in rows.enumerated() {
            let isBorder = place == 0 || row.group == nil || row.group != rows[place - 1].group
            let due = wanted * place / max(1, rows.count)
            while isBorder, wanted - chosen.count < due, let next = chosen.popFirst() { result.append(next) }
            result.append(row)
        }
        return result + chosen
    }
}
