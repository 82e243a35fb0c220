/// A text with the evidence of how it was decoded.
struct DecodedText: Sendable {
    /// The text, mojibake repaired where that was possible without doubt.
    var text: String
    /// The encoding in the form that the report counts.
    var encoding: String
    /// What was noticed or repaired.
    var warnings: [String] = []
}

/// Decodes bytes by evidence: byte order mark, validity, the declared encoding, how common the characters are.
enum TextDecoder {
    /// Bytes that are looked at to tell encodings apart.
    private static let sampleSize = 64 << 10

    /// - Parameters:
    ///   - bytes: a whole file.
    ///   - declared: the encoding that the document itself names; believed only where the bytes agree.
    /// - Throws: `DocumentProblem` with reason `binary` for bytes that are no text.
    static func decode(_ bytes: [UInt8], declared: String? = nil) throws(DocumentProblem) -> DecodedText {
        if let type = BinaryType.name(of: bytes) {
            throw DocumentProblem(reason: .binary, detail: "the bytes are \(type), not text")
        }
        var decoded = try decodeUnrepaired(bytes, declared: declared)
        decoded.text = unifiedLineEnds(decoded.text)
        let repaired = Mojibake.repaired(decoded.text)
        if repaired.lines > 0 {
            decoded.text = repaired.text
            decoded.warnings.append(
                "\(repaired.lines) lines had been decoded wrongly before (\(repaired.kind)); repaired")
        }
        return decoded
    }

    /// `text` with LF for CRLF and CR. Swift takes CRLF for one character, so that splitting at LF would miss it.
    static func unifiedLineEnds(_ text: String) -> String {
        guard text.utf8.contains(0x0D) else { return text }
        var view = String.UnicodeScalarView()
        view.reserveCapacity(text.utf8.count)
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\r" {
                view.append("\n")
            } else if !(scalar == "\n" && previous == "\r") {
                view.append(scalar)
            }
            previous = scalar
        }
        return String(view)
    }

    private static func decodeUnrepaired(
        _ bytes: [UInt8], declared: String?
    ) throws(DocumentProblem) -> DecodedText {
        if let marked = byMark(bytes) { return marked }
        if let wide = try byNulls(bytes) { return wide }
        if let text = CharacterEncoding.utf8.decode(bytes[...]) {
            return DecodedText(
                text: text, encoding: CharacterEncoding.utf8.rawValue, warnings: contradiction(declared, .utf8))
        }
        for cut in 1...3 where bytes.count > 8 * cut {
            // Cut off in the middle of a character.
            if bytes[bytes.count - cut] >= 0x80, let text = CharacterEncoding.utf8.decode(bytes.dropLast(cut)) {
                guard text.utf8.contains(where: { $0 >= 0x80 }) else { break }
                return DecodedText(
                    text: text, encoding: CharacterEncoding.utf8.rawValue, warnings: ["ends in half a character"])
            }
        }
        let sample = sample(of: bytes)
        var candidates = candidates(for: sample)
        if let declared, let encoding = CharacterEncoding(declared: declared), encoding != .utf8 {
            // What the document says decides between equals.
            for index in candidates.indices where candidates[index].encoding == encoding {
                candidates[index].score += 0.15
            }
        }
        for candidate in candidates.sorted(by: { $0.score > $1.score }) where candidate.score >= 0.25 {
            if let text = candidate.encoding.decode(bytes[...]) {
                return DecodedText(
                    text: text, encoding: candidate.encoding.rawValue,
                    warnings: contradiction(declared, candidate.encoding))
            }
        }
        return try MixedDecoding.decode(bytes)
    }

    private static func contradiction(_ declared: String?, _ found: CharacterEncoding) -> [String] {
        guard let declared, let named = CharacterEncoding(declared: declared), named != found, !declared.isEmpty,
            declared.utf8.count <= 40, found != .utf8 || named != .windows1252
        else { return [] }
        return ["names the encoding \(declared), but is \(found.rawValue)"]
    }

    private static func byMark(_ bytes: [UInt8]) -> DecodedText? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]), let text = CharacterEncoding.utf8.decode(bytes[3...]) {
            return DecodedText(text: text, encoding: CharacterEncoding.utf8Mark.rawValue)
        }
        for (mark, encoding) in [
            ([0xFF, 0xFE], CharacterEncoding.utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
        ] as [([UInt8], CharacterEncoding)] where bytes.starts(with: mark) {
            if let text = encoding.decode(bytes[2...]) { return DecodedText(text: text, encoding: encoding.rawValue) }
            if bytes.count % 2 == 1, let text = encoding.decode(bytes[2..<bytes.count - 1]) {
                return DecodedText(text: text, encoding: encoding.rawValue, warnings: ["ends in half a character"])
            }
        }
        return nil
    }

    /// UTF-16 without mark shows by NUL bytes in every second place; many NULs elsewhere are no text.
    private static func byNulls(_ bytes: [UInt8]) throws(DocumentProblem) -> DecodedText? {
        let sample = bytes.prefix(sampleSize)
        var nulls = [0, 0]
        for (index, byte) in sample.enumerated() where byte == 0 { nulls[index & 1] += 1 }
        guard nulls[0] + nulls[1] > 0 else { return nil }
        // In Chinese text the NULs may stand in either place (一 is U+4E00), so the result decides.
        var best: (text: DecodedText, share: Double)?
        for (encoding, zero) in [(CharacterEncoding.utf16LittleEndian, nulls[1]), (.utf16BigEndian, nulls[0])] {
            guard let text = encoding.decode(bytes[...]), looksLikeText(text) else { continue }
            let score = CommonCharacters.score(of: text.prefix(4000))
            let ascii = Double(zero) * 2 / Double(sample.count)
            let share = score.count == 0 ? ascii : max(score.share, ascii)
            guard share >= 0.4, share > best?.share ?? 0 else { continue }
            best = (DecodedText(text: text, encoding: encoding.rawValue), share)
        }
        if let best { return best.text }
        // A few NULs in text are damage that cleaning removes.
        if (nulls[0] + nulls[1]) * 50 > sample.count {
            throw DocumentProblem(
                reason: .binary, detail: "\(nulls[0] + nulls[1]) NUL bytes in the first \(sample.count): no text")
        }
        return nil
    }

    private static func looksLikeText(_ text: String) -> Bool {
        var controls = 0
        var count = 0
        for scalar in text.unicodeScalars.prefix(4000) {
            count += 1
            let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\r" && scalar != "\t"
            if isControl || scalar.properties.generalCategory == .unassigned { controls += 1 }
        }
        guard controls * 20 <= count else { return false }
        let score = CommonCharacters.score(of: text.prefix(4000))
        return score.count * 10 < count || score.share > 0.25
    }

    /// The beginning of `bytes`, cut behind a line end where there is one, so that no character is cut.
    private static func sample(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard bytes.count > sampleSize else { return bytes[...] }
        let head = bytes[..<sampleSize]
        guard let end = head.lastIndex(of: 0x0A), end > sampleSize / 4 else { return head }
        return head[...end]
    }

    private static func candidates(for sample: ArraySlice<UInt8>) -> [(encoding: CharacterEncoding, score: Double)] {
        [CharacterEncoding.gb18030, .big5, .windows1252, .shiftJIS, .eucKR, .utf16LittleEndian, .utf16BigEndian]
            .compactMap { encoding in
                // Cut in the middle of a character, the sample is one to three bytes too long.
                for cut in 0...3 where sample.count > cut {
                    if let text = encoding.decode(sample.dropLast(cut)) {
                        return (encoding, plausibility(of: text, encoding))
                    }
                }
                return nil
            }
    }

    private static func plausibility(of text: String, _ encoding: CharacterEncoding) -> Double {
        let score = CommonCharacters.score(of: text).share
        switch encoding {
        case .gb18030: return score + 0.05
        case .shiftJIS, .eucKR:
            // Kana and Hangul are not in the table of common characters.
            let scalars = text.unicodeScalars.filter { $0.value >= 0x80 }
            let own = scalars.filter { (0x3041...0x30FF).contains($0.value) || (0xAC00...0xD7A3).contains($0.value) }
            return scalars.isEmpty ? 0 : Double(own.count) / Double(scalars.count) * 0.9
        case .utf16LittleEndian, .utf16BigEndian: return score - 0.1
        default: return score
        }
    }
}

/// Types of files by their first bytes.
enum BinaryType {
    static func name(of bytes: [UInt8]) -> String? {
        let signatures: [([UInt8], String)] = [
            (Array("%PDF".utf8), "a PDF file"), ([0x50, 0x4B, 0x03, 0x04], "a zip archive or Office file"),
            ([0xD0, 0xCF, 0x11, 0xE0], "an old Office file"), ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
            ([0xFF, 0xD8, 0xFF], "a JPEG image"), (Array("GIF8".utf8), "a GIF image"),
            ([0x1F, 0x8B, 0x08], "gzip data"),
            ([0x7F, 0x45, 0x4C, 0x46], "a program"), (Array("Rar!".utf8), "a RAR archive"),
            ([0x37, 0x7A, 0xBC, 0xAF], "a 7z archive"), (Array("{\\rtf".utf8), "an RTF document"),
            (Array("SQLite format 3".utf8), "a database"), (Array("GGUF".utf8) + [3, 0, 0], "a model file"),
        ]
        return signatures.first { bytes.starts(with: $0.0) }?.1
    }
}
