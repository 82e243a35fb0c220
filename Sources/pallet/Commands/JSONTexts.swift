import ChatTemplates
import Foundation

/// JSON values that a command reads, one a line or as one list, from a file or standard input.
struct JSONTexts {
    /// The values with the line, or the place in the list, that each stands at.
    let values: [(place: String, value: TemplateValue)]

    /// - Parameter path: nil for standard input.
    /// - Throws: `Failure` (EX_DATAERR) naming the line that is not JSON.
    init(file path: String?) throws {
        let name = path ?? text("标准输入", "standard input")
        let data = try path.map { try InputFile.data($0) } ?? FileHandle.standardInput.readDataToEndOfFile()
        let start = data.first { !Self.isSpace($0) }
        // A list over several lines, or alone on the only one.
        if start == UInt8(ascii: "["), case .list(let items)? = try? TemplateValue(json: data) {
            values = items.enumerated().map { index, item in
                (text("\(name) 第 \(index + 1) 项", "\(name), item \(index + 1)"), item)
            }
            return
        }
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        values = try lines.enumerated().map { number, line in
            do throws(TemplateError) {
                let value = try TemplateValue(json: line, firstLine: number + 1)
                return (text("\(name) 第 \(number + 1) 行", "\(name), line \(number + 1)"), value)
            } catch {
                throw Failure(notJSON: name, error)
            }
        }
    }

    /// The values, all of which must be strings.
    func strings() throws -> [String] {
        try values.map { place, value in
            guard case .string(let text) = value else {
                throw Failure(.data, "\(place) 应为 JSON 字符串", "\(place): expected a JSON string")
            }
            return text
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
