import Text

/// What a line is by its look.
enum LineForm: Equatable {
    case blank
    case heading(level: Int, title: String)
    case listItem
    case tableRow
    /// `|---|---|`
    case tableRule
    /// `column：value；column：value`, three pairs or more.
    case record
    case question
    case answer
    case prose

    init(_ line: ArraySlice<Unicode.Scalar>) {
        let body = line.trimmed
        guard let first = body.first else {
            self = .blank
            return
        }
        switch first {
        case "#":
            let level = body.prefix { $0 == "#" }.count
            let title = body.dropFirst(level)
            if level <= 6, title.first?.isBlank ?? false {
                self = .heading(level: level, title: String(scalars: title.trimmed))
                return
            }
        case "|":
            let isRule = body.contains("-") && body.allSatisfy { "|-: ".unicodeScalars.contains($0) }
            self = isRule ? .tableRule : .tableRow
            return
        default: break
        }
        if let speaker = Self.speaker(body) {
            self = speaker
        } else if Self.isListItem(body) {
            self = .listItem
        } else {
            self = Self.isRecord(body) ? .record : .prose
        }
    }

    /// `问：`, `Q:`, `答：`, `A:`, with a number or not (`Q1.`, `问题3：`), also in bold.
    private static func speaker(_ body: ArraySlice<Unicode.Scalar>) -> LineForm? {
        let text = body.drop { $0 == "*" || $0 == "-" || $0.isBlank }
        guard let first = text.first else { return nil }
        let isQuestion: Bool
        switch first {
        case "问", "Q", "q": isQuestion = true
        case "答", "A", "a": isQuestion = false
        default: return nil
        }
        let rest = text.dropFirst().drop { $0 == "题" || $0 == "案" || $0.isDigit || $0.isBlank || $0 == "*" }
        guard let mark = rest.first, mark == "：" || mark == ":" || (mark == "." && text.dropFirst().first != ".") else {
            return nil
        }
        return isQuestion ? .question : .answer
    }

    /// `- x`, `* x`, `• x`, `1. x`, `1、x`, `（1）x`, `一、x`, `第一条 x`.
    private static func isListItem(_ body: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = body.first else { return false }
        var rest = body.dropFirst()
        switch first {
        case "-", "*", "+", "•", "·": return rest.first?.isBlank ?? false
        case "（", "(":
            let number = rest.prefix { isNumeral($0) }
            rest = rest.dropFirst(number.count)
            return !number.isEmpty && (rest.first == "）" || rest.first == ")")
        case "*" where rest.first == "*": return false
        default: break
        }
        let unmarked = body.drop { $0 == "*" }
        if unmarked.first == "第" {
            let number = unmarked.dropFirst().prefix { isNumeral($0) }
            let mark = unmarked.dropFirst(1 + number.count).first
            return !number.isEmpty && (mark == "条" || mark == "款")
        }
        let number = body.prefix { isNumeral($0) }
        guard !number.isEmpty, number.count <= 4 else { return false }
        rest = body.dropFirst(number.count)
        switch rest.first {
        case "、": return true
        case ".", ")": return rest.dropFirst().first?.isBlank ?? false
        case "．", "）": return true
        default: return false
        }
    }

    private static func isNumeral(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isDigit || "一二三四五六七八九十百零".unicodeScalars.contains(scalar)
    }

    private static func isRecord(_ body: ArraySlice<Unicode.Scalar>) -> Bool {
        var pairs = 0
        var sawColon = false
        for scalar in body {
            if scalar == "：" || scalar == ":" { sawColon = true }
            if scalar == "；" || scalar == ";" {
                guard sawColon else { return false }
                pairs += 1
                sawColon = false
            }
        }
        return pairs + (sawColon ? 1 : 0) >= 3
    }
}

extension ArraySlice where Element == Unicode.Scalar {
    /// Without white space at both ends.
    var trimmed: ArraySlice<Unicode.Scalar> {
        let front = drop { $0.isBlank }
        guard let last = front.lastIndex(where: { !$0.isBlank }) else { return front.prefix(0) }
        return front[front.startIndex...last]
    }
}

extension String {
    /// The string of these scalars.
    init(scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
