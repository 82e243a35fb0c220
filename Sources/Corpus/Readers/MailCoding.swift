/// Transfer encodings of MIME. Damaged input gives what can be read.
enum TransferEncoding {
    static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte) - 0x41
            case 0x61...0x7A: value = UInt32(byte) - 0x61 + 26
            case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
            case 0x2B, 0x2D: value = 62
            case 0x2F, 0x5F: value = 63
            default: continue
            }
            bits = (bits << 6 | value) & 0xFF_FFFF
            count += 1
            if count == 4 {
                output += [UInt8(bits >> 16), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
                count = 0
            }
        }
        if count == 3 { output += [UInt8(bits >> 10 & 0xFF), UInt8(bits >> 2 & 0xFF)] }
        if count == 2 { output.append(UInt8(bits >> 4 & 0xFF)) }
        return output
    }

    /// - Parameter isWord: in encoded words `_` is a blank.
    static func quotedPrintable(_ bytes: ArraySlice<UInt8>, isWord: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "_"), isWord {
                output.append(0x20)
            } else if byte != UInt8(ascii: "=") {
                output.append(byte)
            } else if index + 1 < bytes.endIndex, let high = hex(bytes[index]), let low = hex(bytes[index + 1]) {
                output.append(high << 4 | low)
                index += 2
            } else if let end = softBreakEnd(bytes, index) {
                index = end
            } else {
                output.append(byte)
            }
        }
        return output
    }

    /// Behind the line end at `index`, blanks before it allowed.
    private static func softBreakEnd(_ bytes: ArraySlice<UInt8>, _ index: Int) -> Int? {
        var index = index
        while index < bytes.endIndex, [0x20, 0x09, 0x0D].contains(bytes[index]) { index += 1 }
        if index == bytes.endIndex { return index }
        return bytes[index] == 0x0A ? index + 1 : nil
    }

    static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}

/// Encoded words in header fields: `=?utf-8?B?…?=` (RFC 2047).
enum MailWords {
    /// The text of a field; what is no well-formed word stays as it is.
    static func decoded(_ field: String) -> String {
        guard field.contains("=?") else { return field }
        var output = ""
        var bytes: [UInt8] = []
        var charset = ""
        var rest = Substring(field.prefix(10_000))
        func flush() {
            guard !bytes.isEmpty else { return }
            output += (try? TextDecoder.decode(bytes, declared: charset).text) ?? String(decoding: bytes, as: UTF8.self)
            bytes.removeAll()
        }
        while let start = rest.firstRange(of: "=?") {
            let before = rest[..<start.lowerBound]
            let pieces = rest[start.upperBound...].split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
            guard pieces.count == 4, pieces[3].hasPrefix("="), pieces[1].count == 1, !pieces[0].isEmpty else {
                flush()
                output += rest[..<start.upperBound]
                rest = rest[start.upperBound...]
                continue
            }
            // Blanks between two words are not text; a character may be cut between words of one encoding.
            let isBetweenWords = !bytes.isEmpty && before.allSatisfy(\.isWhitespace)
            let name = pieces[0].prefix { $0 != "*" }.lowercased()
            if !isBetweenWords || name != charset { flush() }
            if !isBetweenWords { output += before }
            charset = name
            let content = Array(pieces[2].utf8)[...]
            bytes +=
                pieces[1].lowercased() == "b"
                ? TransferEncoding.base64(content) : TransferEncoding.quotedPrintable(content, isWord: true)
            rest = pieces[3].dropFirst()
        }
        flush()
        return output + rest
    }

    /// `utf-8''%E6%9C%AC` (RFC 2231) as text.
    static func percentDecoded(_ value: String) -> String {
        let pieces = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        let charset = pieces.count == 3 ? String(pieces[0]) : nil
        let encoded = Array((pieces.count == 3 ? pieces[2] : Substring(value)).utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < encoded.count {
            if encoded[index] == UInt8(ascii: "%"), index + 2 < encoded.count,
                let high = TransferEncoding.hex(encoded[index + 1]), let low = TransferEncoding.hex(encoded[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(encoded[index])
                index += 1
            }
        }
        return (try? TextDecoder.decode(bytes, declared: charset).text) ?? String(decoding: bytes, as: UTF8.self)
    }
}

/// The `Date` field of messages.
enum MailDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// The day as the sender's clock showed it: `Mon, 3 Mar 2025 10:12:00 +0800` → 2025-03-03.
    static func day(of field: String) -> String? {
        let words = field.prefix(100).lowercased().split { !$0.isLetter && !$0.isNumber && $0 != ":" && $0 != "+" }
        for (index, word) in words.enumerated() {
            guard let month = months.firstIndex(of: String(word.prefix(3))), index > 0, index + 1 < words.count,
                let day = Int(words[index - 1]), var year = Int(words[index + 1])
            else { continue }
            if year < 100 { year += year < 70 ? 2000 : 1900 }
            if let date = CivilDate.text(year: year, month: month + 1, day: day) { return date }
        }
        return nil
    }
}
