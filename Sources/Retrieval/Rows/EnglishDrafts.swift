import Text

/// Questions from English sentences: rules as yes or no, and what a preposition says how long or when.
enum EnglishDrafts {
    static func drafts(_ source: DraftSource) -> [DraftedQuestion] {
        var words = source.text.split(separator: " ").map(String.init)
        // Claims. The consignee …: a label, then the sentence.
        if let first = words.first, first.hasSuffix("."), first.count > 3 { words.removeFirst() }
        guard words.count >= 5, words.count <= 32 else { return [] }
        var result: [DraftedQuestion] = []
        func add(_ question: String?, _ kind: TuningRowKind) {
            guard let question else { return }
            result.append(
                DraftedQuestion(question: question, answer: source.text, kind: kind, passage: 0, record: ""))
        }
        add(rule(words), .yesNo)
        add(measure(words.joined(separator: " ")), .number)
        return result
    }

    /// Goods must not be stacked → May goods be stacked?; Do not open it → May I open it?
    private static func rule(_ words: [String]) -> String? {
        let text = words.map { $0.lowercased() }
        func ask(_ verb: String, _ subject: ArraySlice<String>, _ act: ArraySlice<String>) -> String? {
            guard let first = subject.first, !["it", "they", "this", "these"].contains(first.lowercased()),
                subject.count <= 7, act.count >= 2
            else { return nil }
            let isName = first.dropFirst().contains { $0.isUppercase || $0.isNumber }
            let name = ([isName ? first : first.lowercased()] + subject.dropFirst()).joined(separator: " ")
            return "\(verb) \(name) \(stem(act))?"
        }
        if text[0] == "do", text[1] == "not" { return "May I \(stem(words[2...]))?" }
        if text[0] == "never" { return "May I \(stem(words[1...]))?" }
        for (index, word) in text.enumerated() where index > 0 && index + 2 < text.count {
            let isDenied = text[index + 1] == "not"
            let act = words[(index + (isDenied ? 2 : 1))...]
            guard words[index] == word else { continue }  // the month of May is no rule
            switch word {
            case "must", "may", "shall": return ask(isDenied || word == "may" ? "May" : "Must", words[..<index], act)
            case "can", "cannot": return ask("Can", words[..<index], word == "can" ? act : words[(index + 1)...])
            default: continue
            }
        }
        return nil
    }

    private static func stem(_ words: ArraySlice<String>) -> String {
        // Up to the end of the clause.
        var kept: [String] = []
        for word in words {
            let isLast = word.hasSuffix(",") || word.hasSuffix(";") || word.hasSuffix(".") || word.hasSuffix(":")
            kept.append(isLast ? String(word.dropLast()) : word)
            if isLast { break }
        }
        return kept.joined(separator: " ")
    }

    /// The first number behind a word of time or measure: within 7 days → Within how many days …?
    private static func measure(_ text: String) -> String? {
        guard
            let mention = Numbers.mentions(in: text).first(where: {
                [.quantity, .money, .percentage].contains($0.kind)
            })
        else { return nil }
        let scalars = Array(text.unicodeScalars)
        let before = String(scalars: scalars[..<mention.range.lowerBound]).split(separator: " ").map(String.init)
        let written = String(scalars: scalars[mention.range]).split(separator: " ").map(String.init)
        let unit = written.dropFirst().joined(separator: " ")
        let times = ["day", "hour", "week", "month", "year", "minute", "people", "person", "piece", "pallet"]
        guard mention.kind == .money || times.contains(where: { unit.lowercased().hasPrefix($0) }) else { return nil }
        let asks = mention.kind == .money ? "how much" : unit.isEmpty ? "" : "how many \(unit)"
        guard !asks.isEmpty, before.count >= 3, !before.contains(where: { $0.hasSuffix(",") || $0.hasSuffix(":") })
        else {
            return nil
        }
        // The words before the number name what is measured: a question in key words, as people type them.
        let head = before.joined(separator: " ")
        return head.prefix(1).lowercased() + head.dropFirst() + " \(asks)?"
    }
}
