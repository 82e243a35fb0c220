internal import Text

/// Text that an earlier program decoded with the wrong table (乱码).
enum Mojibake {
    /// Repairs lines that are UTF-8 or GBK read as Latin-1: each scalar becomes its byte again, and the bytes are valid
    /// in the other encoding, which chance does not do.
    static func repaired(_ text: String) -> (text: String, lines: Int, kind: String) {
        // Cheap exit: only texts with scalars of the Latin-1 range can be such.
        guard text.unicodeScalars.contains(where: { (0xC0...0xFF).contains($0.value) }) else { return (text, 0, "") }
        var lines = 0
        var kind = ""
        let repaired = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard let bytes = latinBytes(of: line), bytes.contains(where: { $0 >= 0x80 }) else { return String(line) }
            if let utf8 = CharacterEncoding.utf8.decode(bytes[...]) {
                lines += 1
                kind = "UTF-8 read as Latin-1"
                return utf8
            }
            guard bytes.filter({ $0 >= 0xA1 }).count >= 4, let chinese = CharacterEncoding.gb18030.decode(bytes[...])
            else {
                return String(line)
            }
            let score = CommonCharacters.score(of: chinese)
            guard score.count >= 2, score.share >= 0.4, CommonCharacters.score(of: line).share < 0.4 else {
                return String(line)
            }
            lines += 1
            kind = "GBK read as Latin-1"
            return chinese
        }
        return lines == 0 ? (text, 0, "") : (repaired.joined(separator: "\n"), lines, kind)
    }

    /// What stays of wrong decoding in a text: how much of it, and the kind.
    ///
    /// - Returns: nil for a text that reads well, else the share of damaged scalars (0 to 1) and what they are.
    static func damage(in text: String) -> (share: Double, kind: String)? {
        var total = 0
        var replaced = 0
        var cycle = 0
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars where !scalar.isBlank {
            total += 1
            if scalar.value == 0xFFFD { replaced += 1 }
            if scalar == "锟" || (previous == "锟" && scalar == "斤") || (previous == "斤" && scalar == "拷") { cycle += 1 }
            if (scalar == "烫" || scalar == "屯" || scalar == "锘") && previous == scalar { cycle += 1 }
            previous = scalar
        }
        guard total > 0 else { return nil }
        if cycle >= 3 { return (Double(cycle) / Double(total), "锟斤拷: bytes lost before") }
        if let share = gbkShare(of: text) { return (share, "UTF-8 read as GBK") }
        return replaced > 0 ? (Double(replaced) / Double(total), "U+FFFD: bytes lost before") : nil
    }

    /// The share of lines that are UTF-8 read as GBK: rare ideographs whose GBK bytes are well-formed UTF-8 almost
    /// everywhere. nil when the text reads well.
    private static func gbkShare(of text: String) -> Double? {
        let sample = text.unicodeScalars.prefix(4000).filter { $0.isHan }
        guard sample.count >= 8 else { return nil }
        let common = sample.filter { CommonCharacters.isCommon($0) }.count
        guard common * 4 < sample.count else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: sample)
        guard let bytes = CharacterEncoding.gb18030.encode(String(view)) else { return nil }
        let decoded = String(decoding: bytes, as: UTF8.self).unicodeScalars
        let broken = decoded.filter { $0.value == 0xFFFD }.count
        let good = decoded.filter {
            $0.isHan || (0x3000...0x303F).contains($0.value) || $0.value >= 0xFF00 && $0.value != 0xFFFD
        }.count
        return good > 2 * broken && good * 3 > sample.count ? 1 : nil
    }

    /// The Latin-1 (or Windows-1252) bytes of a line, or nil when it has other characters.
    private static func latinBytes(of line: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.utf8.count)
        for scalar in line.unicodeScalars {
            if scalar.value <= 0xFF {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else if let byte = windows[scalar] {
                bytes.append(byte)
            } else {
                return nil
            }
        }
        return bytes
    }

    private static let windows: [Unicode.Scalar: UInt8] = [
        "€": 0x80, "‚": 0x82, "ƒ": 0x83, "„": 0x84, "…": 0x85, "†": 0x86, "‡": 0x87, "ˆ": 0x88, "‰": 0x89, "Š": 0x8A,
        "‹": 0x8B, "Œ": 0x8C, "Ž": 0x8E, "‘": 0x91, "’": 0x92, "“": 0x93, "”": 0x94, "•": 0x95, "–": 0x96, "—": 0x97,
        "˜": 0x98, "™": 0x99, "š": 0x9A, "›": 0x9B, "œ": 0x9C, "ž": 0x9E, "Ÿ": 0x9F,
    ]
}
