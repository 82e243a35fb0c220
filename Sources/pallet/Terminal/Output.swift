import Foundation

/// Results go to standard output, messages to standard error, so that a program can read the one and a person the
/// other.
enum Output {
    /// One line of result. A reader that went away ends the program quietly, as `head` expects.
    static func line(_ text: String) { write(text + "\n") }

    /// Result text as it is.
    static func write(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            exit(EXIT_SUCCESS)
        }
    }

    /// One line of message.
    static func note(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// A value as one line of JSON with sorted keys.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Standard input, line by line.
enum Input {
    /// All lines without their line feeds; an empty last line is dropped.
    static func lines() -> [String] {
        let data = FileHandle.standardInput.readDataToEndOfFile()
        var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map(String.init)
    }
}
