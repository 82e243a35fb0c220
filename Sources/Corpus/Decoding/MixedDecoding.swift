internal import Text

/// Decodes files that are valid in no encoding as a whole: pieces of several encodings, or damaged bytes.
enum MixedDecoding {
    /// Line by line: UTF-8, else GB18030, else what can be read of the better of both, U+FFFD for the rest.
    ///
    /// - Throws: `DocumentProblem` when less than seven tenths can be read.
    static func decode(_ bytes: [UInt8]) throws(DocumentProblem) -> DecodedText {
        var text = ""
        text.reserveCapacity(bytes.count)
        var counts: [CharacterEncoding: Int] = [:]
        var damagedLines = 0
        var firstDamaged = 0
        var lineNumber = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            lineNumber += 1
            if lineNumber > 1 { text.append("\n") }
            let isASCII = line.allSatisfy { $0 < 0x80 }
            if let plain = CharacterEncoding.utf8.decode(line) {
                text += plain
                if !isASCII { counts[.utf8, default: 0] += 1 }
            } else if let chinese = CharacterEncoding.gb18030.decode(line),
                CommonCharacters.score(of: chinese).share >= 0.25
            {
                text += chinese
                counts[.gb18030, default: 0] += 1
            } else {
                damagedLines += 1
                if firstDamaged == 0 { firstDamaged = lineNumber }
                text += better(of: line)
            }
        }
        let damage = replacementShare(of: text)
        guard damage <= 0.3 else {
            throw DocumentProblem(
                reason: .binary, detail: "\(Int(damage * 100)) of 100 characters are readable in no known encoding")
        }
        let score = CommonCharacters.score(of: text.prefix(20_000))
        let controls = text.prefix(20_000).unicodeScalars.count { $0.value < 0x20 && !$0.isBlank }
        guard score.count < 40 || score.share >= 0.2, controls < 400 || controls * 20 < text.utf8.count else {
            throw DocumentProblem(reason: .binary, detail: "no known encoding makes words of the bytes")
        }
        var result = DecodedText(text: text, encoding: "mixed")
        let names = counts.keys.map(\.rawValue).sorted()
        if names.count == 1 { result.encoding = names[0] }
        if names.count > 1 { result.warnings.append("lines in different encodings: \(names.joined(separator: ", "))") }
        if damagedLines > 0 {
            result.warnings.append(
                "\(damagedLines) lines with bytes that are no text, the first is line \(firstDamaged)")
        }
        return result
    }

    /// The share of U+FFFD among the scalars beyond ASCII.
    private static func replacementShare(of text: String) -> Double {
        var replaced = 0
        var count = 0
        for scalar in text.unicodeScalars where scalar.value >= 0x80 {
            count += 1
            if scalar.value == 0xFFFD { replaced += 1 }
        }
        return count == 0 ? 0 : Double(replaced) / Double(count)
    }

    private static func better(of line: ArraySlice<UInt8>) -> String {
        let utf8 = String(decoding: line, as: UTF8.self)
        let chinese = repairedGB18030(line)
        return replacementShare(of: utf8) <= replacementShare(of: chinese) ? utf8 : chinese
    }

    /// GB18030 with U+FFFD for bytes that begin no character: the structure (one, two or four bytes) is walked here,
    /// and runs of whole characters are converted at once.
    private static func repairedGB18030(_ line: ArraySlice<UInt8>) -> String {
        var text = ""
        var run: [UInt8] = []
        func flush() {
            guard !run.isEmpty else { return }
            text +=
                CharacterEncoding.gb18030.decode(run[...]) ?? String(repeating: "\u{FFFD}", count: run.count / 2 + 1)
            run.removeAll(keepingCapacity: true)
        }
        var index = line.startIndex
        while index < line.endIndex {
            let length = characterLength(line[index...])
            if length == 0 {
                flush()
                text.append("\u{FFFD}")
                index += 1
            } else {
                run += line[index..<index + length]
                index += length
            }
        }
        flush()
        return text
    }

    private static func characterLength(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let first = bytes.first else { return 0 }
        if first < 0x80 { return 1 }
        guard (0x81...0xFE).contains(first), let second = bytes.dropFirst().first else { return 0 }
        if (0x40...0x7E).contains(second) || (0x80...0xFE).contains(second) { return 2 }
        let rest = Array(bytes.dropFirst(2).prefix(2))
        guard (0x30...0x39).contains(second), rest.count == 2 else { return 0 }
        return (0x81...0xFE).contains(rest[0]) && (0x30...0x39).contains(rest[1]) ? 4 : 0
    }
}
