import ArgumentParser
import ChatTemplates
import Foundation
import Inference
import Tensors

/// Files that a command reads.
enum InputFile {
    static func data(_ path: String) throws -> Data {
        let url = URL(fileURLWithPath: path)
        if (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false {
            throw Failure(.noInput, "\(path) 是目录，应为文本文件", "\(path) is a folder, expected a text file")
        }
        do {
            // By a handle: what comes out of a pipe has no size to be read by.
            return try FileHandle(forReadingFrom: url).readToEnd() ?? Data()
        } catch {
            let reason = SystemReason(error)
            throw Failure(.noInput, "无法读取 \(path)：\(reason.chinese)", "cannot read \(path): \(reason.english)")
        }
    }

    /// Refuses outputs that are one of the inputs: a slip of the hand must not cost the only copy of somebody's data.
    static func refuse(writing outputs: [URL], over inputs: [URL]) throws {
        func identity(_ url: URL) -> String {
            let path = url.resolvingSymlinksInPath().path
            guard let found = try? FileManager.default.attributesOfItem(atPath: path),
                let device = found[.systemNumber] as? Int, let number = found[.systemFileNumber] as? Int
            else { return path }
            return "\(device):\(number)"
        }
        let read = Set(inputs.map(identity))
        for output in outputs where read.contains(identity(output)) {
            throw Failure(
                .cannotCreate, "\(output.path) 是这条命令的输入，不会被覆盖：请换一个输出位置",
                "\(output.path) is read by this command and is not written over: name another place for the output")
        }
    }

    /// A JSON file with the order of its keys.
    static func json(_ path: String) throws -> TemplateValue {
        let data = try data(path)
        do {
            return try TemplateValue(json: data)
        } catch {
            throw Failure(notJSON: path, error)
        }
    }

    static func expected(_ path: String, _ what: String) -> Failure {
        Failure(.data, "\(path)：内容应为 \(what)", "\(path): expected \(what)")
    }
}

/// A JSON file of token ids: a list of lists, or one list.
struct TokenLists {
    let lists: [[Int]]

    init(file path: String) throws {
        guard case .list(let items) = try InputFile.json(path) else {
            throw InputFile.expected(path, "[[id, …], …]")
        }
        func ids(_ values: [TemplateValue]) throws -> [Int] {
            try values.map { value in
                guard case .int(let id) = value else { throw InputFile.expected(path, "[[id, …], …]") }
                return id
            }
        }
        if case .int? = items.first {
            lists = [try ids(items)]
        } else {
            lists = try items.map { item in
                guard case .list(let values) = item else { throw InputFile.expected(path, "[[id, …], …]") }
                return try ids(values)
            }
        }
    }
}

extension Precision {
    /// `integer` or `f32`.
    init(option: String) throws {
        switch option {
        case "integer": self = .integer
        case "f32", "exact": self = .exact
        default:
            throw ValidationError(
                text("--compute 应为 integer 或 f32，而不是 \(option)", "--compute must be integer or f32, not \(option)"))
        }
    }
}

extension TemplateDate {
    /// The present in local time.
    static var current: TemplateDate {
        let date = Date()
        return TemplateDate(
            secondsSince1970: Int(date.timeIntervalSince1970), offset: TimeZone.current.secondsFromGMT(for: date))
    }
}

extension GenerationUsage {
    /// One line for people: how much, how fast.
    var summary: String {
        let prompt = String(format: "%.0f", promptTokensPerSecond)
        let decode = String(format: "%.1f", decodeTokensPerSecond)
        let first = String(format: "%.2f", firstTokenSeconds)
        return text(
            "[提示 \(promptTokens) 词元（缓存 \(cachedTokens)），\(prompt)/秒；回答 \(completionTokens) 词元，\(decode)/秒；首字 \(first) 秒]",
            "[prompt \(promptTokens) tokens (\(cachedTokens) cached), \(prompt)/s; answer \(completionTokens) tokens, "
                + "\(decode)/s; first token after \(first) s]")
    }
}
