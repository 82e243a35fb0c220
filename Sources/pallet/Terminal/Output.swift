import Foundation

/// Results go to standard output, messages to standard error, so that a program can read the one and a person the
/// other.
enum Output {
    /// One line of result. A reader that went away ends the program quietly, as `head` expects.
    static func line(_ text: String) { write(text + "\n") }

    /// Result text as it is. A result that cannot be written (a full disk, a closed output) is a failure; only a
    /// reader that went away is not.
    static func write(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            let code = Self.systemCode(error)
            if code == EPIPE { exit(EXIT_SUCCESS) }
            let reason = SystemReason(error)
            Failure.report(
                Failure(.io, "无法写到标准输出：\(reason.chinese)", "cannot write to standard output: \(reason.english)"))
        }
    }

    private static func systemCode(_ error: any Error) -> Int32? {
        if let posix = error as? POSIXError { return posix.code.rawValue }
        let cocoa = error as NSError
        if cocoa.domain == NSPOSIXErrorDomain { return Int32(cocoa.code) }
        return (cocoa.userInfo[NSUnderlyingErrorKey] as? NSError).map { Int32($0.code) }
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
    /// All lines without their line ends; an empty last line is dropped.
    /// - Throws: `Failure` naming the line that is not UTF-8.
    static func lines() throws -> [String] {
        let data = FileHandle.standardInput.readDataToEndOfFile()
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return try lines.enumerated().map { number, line in
            let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let text = String(bytes: content, encoding: .utf8) else {
                throw Failure(
                    .data, "标准输入第 \(number + 1) 行不是 UTF-8", "standard input, line \(number + 1): not UTF-8")
            }
            return text
        }
    }
}
