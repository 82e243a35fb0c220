import Foundation

/// What the argument parser prints, in the user's language: the parser itself speaks English only.
enum ParserMessage {
    /// Help, or an error with its usage.
    static func localised(_ text: String) -> String {
        guard Language.current == .chinese else { return text }
        // A script for a shell is no text for people.
        guard text.contains("Usage: ") || text.contains("USAGE: ") || text.hasPrefix("Error: ") else { return text }
        // The parser may break a line within a default value.
        let joined = text.replacing(#/\(default:\s+([^()]*)\)/#) { "（默认：\($0.1)）" }
        return joined.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) }
            .joined(separator: "\n")
    }

    private static let beginnings = [
        ("Usage: ", "用法："), ("Help:  ", "说明："), ("OVERVIEW: ", "概述："), ("USAGE: ", "用法："),
        ("ARGUMENTS:", "参数："), ("OPTIONS:", "选项："), ("SUBCOMMANDS:", "子命令："),
    ]

    private static func line(_ line: String) -> String {
        if line.hasPrefix("Error: ") { return "错误：" + problem(String(line.dropFirst("Error: ".count))) }
        for (english, chinese) in beginnings where line.hasPrefix(english) {
            return chinese + line.dropFirst(english.count)
        }
        if let match = line.wholeMatch(of: #/  See '(.+)' for (?:more information|detailed help)\./#) {
            return "  详见 '\(match.1)'。"
        }
        return line.replacing("Show help information.", with: "显示帮助。")
            .replacing("Show the version.", with: "显示版本。")
    }

    private static func problem(_ text: String) -> String {
        if let match = text.wholeMatch(of: #/Unknown option '(.+?)'\. Did you mean '(.+)'\?/#) {
            return "没有选项 '\(match.1)'，是否想用 '\(match.2)'？"
        }
        if let match = text.wholeMatch(of: #/Unknown option '(.+)'/#) { return "没有选项 '\(match.1)'" }
        if let match = text.wholeMatch(of: #/Missing value for '(.+)'/#) { return "选项 '\(match.1)' 缺少值" }
        if let match = text.wholeMatch(of: #/Missing expected argument '(.+)'/#) { return "缺少参数 '\(match.1)'" }
        if let match = text.wholeMatch(of: #/Missing one of: '(.+)'/#) { return "须给出其中之一：'\(match.1)'" }
        if let match = text.wholeMatch(of: #/Unexpected argument '(.+)'/#) { return "多余的参数 '\(match.1)'" }
        if let match = text.wholeMatch(of: #/[0-9]+ unexpected arguments: '(.+)'/#) { return "多余的参数 '\(match.1)'" }
        if let match = text.wholeMatch(of: #/The value '(.*)' is invalid for '(.+?)'(.*)/#) {
            return "'\(match.2)' 的值 '\(match.1)' 无效"
        }
        if text == "Missing required subcommand." { return "缺少子命令" }
        return text
    }
}
