import Text

/// Cuts a clean text into passages along its structure.
///
/// Headings, list items, table rows, records, and questions with their answers stay whole where they fit; small ones
/// are put together up to `target`, but not over a heading unless what stands under it is smaller than `minimum`.
/// What is longer than `maximum` is cut between sentences; a sentence longer than that is cut with an overlap.
/// Every character that is not white space stands in some passage. Cost: linear in the text.
public struct PassageCutter: Sendable {
    /// Lengths in Unicode scalars.
    public struct Lengths: Sendable, Equatable {
        /// Below this, neighbours are put together even over a heading.
        public var minimum: Int
        /// Length at which a passage is closed.
        public var target: Int
        /// Length that no passage has, its heading line included.
        public var maximum: Int
        /// How much of a cut sentence is repeated.
        public var overlap: Int

        /// Makes the value from its parts.
        public init(minimum: Int = 120, target: Int = 280, maximum: Int = 400, overlap: Int = 40) {
            self.maximum = max(20, maximum)
            self.target = min(max(10, target), self.maximum)
            self.minimum = min(max(0, minimum), self.target)
            self.overlap = min(max(0, overlap), self.maximum / 4)
        }
    }

    /// How long passages are.
    public var lengths: Lengths

    /// Makes the value from its parts.
    public init(lengths: Lengths = Lengths()) {
        self.lengths = lengths
    }

    /// Names the rules and lengths; passages of another name have to be cut anew.
    public var name: String {
        "structure-1/\(lengths.minimum)-\(lengths.target)-\(lengths.maximum)-\(lengths.overlap)"
    }

    /// - Parameters:
    ///   - text: the record's clean text.
    ///   - title: the document's title, which becomes the outermost heading.
    public func passages(of text: String, title: String) -> [Passage] {
        let scalars = Array(text.unicodeScalars)
        var assembly = PassageAssembly(scalars: scalars, title: title, lengths: lengths)
        for block in BlockReader.blocks(of: scalars) { assembly.take(block) }
        return assembly.finish()
    }
}

/// Puts blocks together to passages; the cutter's state.
private struct PassageAssembly {
    let scalars: [Unicode.Scalar]
    let title: String
    let lengths: PassageCutter.Lengths
    private var passages: [Passage] = []
    /// Open headings with their level, outermost first.
    private var path: [(level: Int, title: String)] = []
    /// The passage being filled: place, headings above its beginning, header row of the table it begins in.
    private var open: Range<Int>?
    private var openHeadings: [String] = []
    private var openLead: Range<Int>?
    /// Whether the open passage holds something else than headings.
    private var hasBody = false
    private var endsWithRecord = false

    init(scalars: [Unicode.Scalar], title: String, lengths: PassageCutter.Lengths) {
        self.scalars = scalars
        self.title = title
        self.lengths = lengths
    }

    mutating func take(_ block: TextBlock) {
        if case .heading(let level) = block.kind {
            if let open, hasBody, count(open) >= lengths.minimum || endsWithRecord { close() }
            while let last = path.last, last.level >= level { path.removeLast() }
            if open == nil || !hasBody {
                // A passage that begins with headings has their words in its path.
                path.append((level, block.title))
                extend(to: block.range)
                if !hasBody { openHeadings = headings }
            } else {
                path.append((level, block.title))
                extend(to: block.range)
            }
            return
        }
        var lead: Range<Int>?
        if case .tableRow(let header) = block.kind { lead = header }
        let size = count(block.range)
        let leadSize = lead.map(count) ?? 0
        if let open, hasBody {
            let sum = count(open) + size
            let isFull = sum > lengths.target && count(open) >= lengths.minimum
            let isRecord = block.kind == .record && endsWithRecord && count(open) >= lengths.minimum / 2
            if isFull || isRecord || sum > lengths.maximum - (openLead.map(count) ?? 0) { close() }
        }
        if let open, count(open) + size > lengths.maximum, !hasBody, size <= lengths.maximum {
            // A heading alone before a block that just fits: the heading stands in the path anyway.
            close()
        }
        if open == nil {
            openHeadings = headings
            openLead = lead
        }
        if size + (open.map(count) ?? 0) + leadSize > lengths.maximum, size > lengths.maximum - leadSize {
            cut(block.range)
        } else {
            extend(to: block.range)
            hasBody = true
        }
        endsWithRecord = block.kind == .record
    }

    mutating func finish() -> [Passage] {
        close()
        return passages
    }

    private var headings: [String] {
        var result = title.isEmpty ? [] : [title]
        for (_, heading) in path where !heading.isEmpty && heading != result.last { result.append(heading) }
        return result
    }

    /// Length without white space at the ends.
    private func count(_ range: Range<Int>) -> Int { scalars[range].trimmed.count }

    private mutating func extend(to range: Range<Int>) {
        open = (open?.lowerBound ?? range.lowerBound)..<range.upperBound
    }

    private mutating func close() {
        if let open {
            let body = scalars[open].trimmed
            if !body.isEmpty {
                let lead = openLead.map { String(scalars: scalars[$0].trimmed) } ?? ""
                passages.append(
                    Passage(
                        range: body.startIndex..<body.endIndex, headings: openHeadings, lead: lead,
                        text: String(scalars: body)))
            }
        }
        open = nil
        openLead = nil
        hasBody = false
        endsWithRecord = false
    }

    /// Cuts a block that does not fit, together with what is open before it, between its sentences.
    private mutating func cut(_ range: Range<Int>) {
        let room = max(lengths.maximum / 2, lengths.maximum - (openLead.map(count) ?? 0))
        let lead = openLead
        let above = openHeadings
        for segment in Sentences.segments(of: Array(scalars[range])) {
            let piece = (range.lowerBound + segment.lowerBound)..<(range.lowerBound + segment.upperBound)
            if let open, count(open) + count(piece) > room, count(open) > 0 {
                let isBare = !hasBody && count(open) < lengths.minimum && count(piece) > room
                if !isBare { close() }
            }
            if open == nil {
                openHeadings = above
                openLead = lead
            }
            if count(piece) + (open.map(count) ?? 0) > room {
                cutSentence(piece, room: room, lead: lead, above: above)
            } else {
                extend(to: piece)
            }
            hasBody = true
        }
    }

    /// Cuts one sentence at a comma or blank in the last third, else anywhere, repeating `overlap` scalars.
    private mutating func cutSentence(_ sentence: Range<Int>, room: Int, lead: Range<Int>?, above: [String]) {
        var start = open?.lowerBound ?? sentence.lowerBound
        while sentence.upperBound - start > room {
            var end = start + room
            let earliest = max(start + room * 2 / 3, sentence.lowerBound + 1)
            if earliest < end,
                let comma = (earliest..<end).last(where: { Self.isSoftStop(scalars[$0]) })
            {
                end = comma + 1
            }
            open = start..<end
            close()
            let next = max(end - lengths.overlap, start + 1)
            start = max(next, min(sentence.lowerBound, end))
            openHeadings = above
            openLead = lead
        }
        open = start..<sentence.upperBound
    }

    private static func isSoftStop(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isBlank || "，、,：:）)".unicodeScalars.contains(scalar)
    }
}
