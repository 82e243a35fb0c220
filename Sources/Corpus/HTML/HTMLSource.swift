/// The first pass over a page's bytes, in linear time, before the parser sees them: scripts, styles, comments and
/// declarations go; tags with absurd attributes lose these; nesting beyond a limit is flattened. What the parser then
/// builds is bounded in depth, and no tag costs it more than a little.
struct HTMLSource {
    /// Open elements beyond this depth are left out; their text stays. libxml2 stops reading at 256 of all elements, and
    /// each one that is counted here brings at most two that are not (a table's row and cell).
    static let deepest = 80
    private static let longestTag = 4096
    private static let mostAttributes = 100
    private static let tagScan = 64 << 10

    /// The bytes for the parser.
    private(set) var bytes: [UInt8] = []
    private let input: [UInt8]
    private var depth = 0
    private var leftOut = 0
    private var hasNoMoreTags = false
    /// What was looked for and does not occur any more: looking again at each place would cost the square.
    private var unfound: Set<String> = []

    /// Elements whose content is no text of the page.
    private static let rawElements: Set<String> = [
        "script", "style", "noscript", "template", "iframe", "svg", "math", "object", "noframes", "textarea", "xmp",
        "canvas", "audio", "video", "applet",
    ]
    /// Elements that may stay open without nesting: void ones, and those that the parser closes by itself.
    private static let uncounted: Set<String> = [
        "p", "li", "td", "th", "tr", "dt", "dd", "option", "thead", "tbody", "tfoot", "colgroup", "br", "hr", "img",
        "input", "meta", "link", "area", "base", "col", "embed", "param", "source", "track", "wbr", "html", "head",
        "body",
    ]

    init(_ text: String) {
        input = Array(text.utf8)
        bytes.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            let next = input[index...].firstIndex(of: UInt8(ascii: "<")) ?? input.count
            bytes += input[index..<next]
            index = next < input.count ? take(at: next) : next
        }
    }

    /// Takes the construct that begins with `<` at `index`.
    ///
    /// - Returns: where to go on.
    private mutating func take(at index: Int) -> Int {
        guard !hasNoMoreTags, index + 1 < input.count else { return escape(index) }
        if starts("<!--", at: index) {
            // A comment that does not end hides nothing.
            return find("-->", from: index + 4).map { $0 + 3 } ?? escape(index)
        }
        let next = input[index + 1]
        if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") {
            return find(">", from: index).map { $0 + 1 } ?? escape(index)
        }
        let isClosing = next == UInt8(ascii: "/")
        let name = elementName(at: isClosing ? index + 2 : index + 1)
        guard !name.isEmpty else { return escape(index) }
        guard let end = tagEnd(from: index) else {
            hasNoMoreTags = true
            return escape(index)
        }
        if !isClosing, Self.rawElements.contains(name) {
            if input[end - 1] == UInt8(ascii: "/") { return end + 1 }
            return find("</" + name, from: end).flatMap { tagEnd(from: $0) }.map { $0 + 1 } ?? afterUnclosed(name, end)
        }
        emit(name, index...end, isClosing: isClosing)
        return end + 1
    }

    /// Behind an element without an end: for scripts nothing that follows is text, others may be an author's slip.
    private func afterUnclosed(_ name: String, _ end: Int) -> Int {
        name == "script" || name == "style" ? input.count : end + 1
    }

    private mutating func escape(_ index: Int) -> Int {
        bytes += Array("&lt;".utf8)
        return index + 1
    }

    private mutating func emit(_ name: String, _ tag: ClosedRange<Int>, isClosing: Bool) {
        let counts = !Self.uncounted.contains(name) && input[tag.upperBound - 1] != UInt8(ascii: "/")
        if counts, isClosing {
            if leftOut > 0 {
                leftOut -= 1
                return
            }
            depth = max(0, depth - 1)
        } else if counts {
            if depth >= Self.deepest {
                leftOut += 1
                // A blank, so that words on both sides of the tag stay apart.
                bytes.append(UInt8(ascii: " "))
                return
            }
            depth += 1
        }
        // The text is UTF-8 by now, whatever the page says of its encoding.
        if name == "meta", contains("charset", in: tag) { return }
        let attributes = input[tag].count { $0 == UInt8(ascii: "=") }
        if tag.count > Self.longestTag || attributes > Self.mostAttributes
            || input[tag].count(where: { $0 == UInt8(ascii: " ") || $0 == 0x0A }) > 4 * Self.mostAttributes
        {
            bytes += Array((isClosing ? "</\(name)>" : "<\(name)>").utf8)
        } else {
            bytes += input[tag]
        }
    }

    private func elementName(at index: Int) -> String {
        var end = index
        while end < input.count, end - index < 32, isNameByte(input[end]) { end += 1 }
        guard end > index, !(0x30...0x39).contains(input[index]), input[index] != UInt8(ascii: "-") else { return "" }
        return String(decoding: input[index..<end], as: UTF8.self).lowercased()
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":")
    }

    /// The `>` that ends the tag at `index`, quotes respected; where a quote does not end, the next `>` at all.
    private func tagEnd(from index: Int) -> Int? {
        var quote: UInt8 = 0
        var previous: UInt8 = 0
        for place in index..<min(input.count, index + Self.tagScan) {
            let byte = input[place]
            if quote != 0 {
                if byte == quote { quote = 0 }
            } else if byte == UInt8(ascii: ">") {
                return place
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), previous == UInt8(ascii: "=") {
                quote = byte
            }
            if byte != 0x20 { previous = byte }
        }
        return input[index...].firstIndex(of: UInt8(ascii: ">"))
    }

    private func starts(_ word: String, at index: Int) -> Bool {
        let word = word.utf8
        return index + word.count <= input.count && input[index..<index + word.count].elementsEqual(word)
    }

    private func contains(_ word: String, in range: ClosedRange<Int>) -> Bool {
        String(decoding: input[range].prefix(512), as: UTF8.self).lowercased().contains(word)
    }

    /// The first place from `start` where `word` (lower case) stands in any case.
    private mutating func find(_ text: String, from start: Int) -> Int? {
        let word = Array(text.utf8)
        guard !unfound.contains(text), let first = word.first, start <= input.count else { return nil }
        var place = start
        while let hit = input[place...].firstIndex(of: first) {
            guard hit + word.count <= input.count else { break }
            let matches = zip(input[hit..<hit + word.count], word).allSatisfy { byte, letter in
                byte == letter || ((0x41...0x5A).contains(byte) && byte + 0x20 == letter)
            }
            if matches { return hit }
            place = hit + 1
        }
        unfound.insert(text)
        return nil
    }
}
