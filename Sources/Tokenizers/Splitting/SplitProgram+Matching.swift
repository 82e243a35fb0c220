extension SplitProgram {
    /// The ends of all words of `text[start..<end]`, well-formed UTF-8; `end` counts as the end of the text.
    ///
    /// - Parameter steps: Is increased by the scalars looked at, those given back included.
    ///
    /// Cost: linear in the text for the published patterns.
    func wordEnds(_ text: [UInt8], _ start: Int, _ end: Int, steps: inout Int) -> [Int] {
        if start == end { return [] }
        var ends = [end]
        for alternatives in stages {
            var cut: [Int] = []
            cut.reserveCapacity(ends.count)
            var failedUntil = [Int](repeating: start, count: alternatives.count)
            var place = start
            for pieceEnd in ends {
                cutPiece(text, place, pieceEnd, alternatives, &failedUntil, &steps, into: &cut)
                place = pieceEnd
            }
            ends = cut
        }
        return ends
    }

    /// Cuts one piece by one stage: the ends of its matches and of what lies between them.
    private func cutPiece(
        _ text: [UInt8], _ start: Int, _ end: Int, _ alternatives: [Alternative], _ failedUntil: inout [Int],
        _ steps: inout Int, into ends: inout [Int]
    ) {
        var place = start
        var wordStart = start
        while place < end {
            let found = matchEnd(text, place, end, alternatives, &failedUntil, &steps)
            if found > place {
                if place > wordStart { ends.append(place) }
                ends.append(found)
                place = found
                wordStart = found
            } else {
                place += Self.length(text[place])
            }
        }
        if wordStart < end { ends.append(end) }
    }

    /// The end of the match at a place, `place` itself when there is none.
    @inline(__always)
    private func matchEnd(
        _ text: [UInt8], _ place: Int, _ end: Int, _ alternatives: [Alternative], _ failedUntil: inout [Int],
        _ steps: inout Int
    ) -> Int {
        for index in alternatives.indices where place >= failedUntil[index] {
            steps += 1
            if let found = rest(alternatives[index].elements, 0, text, place, end, &steps), found > place {
                return found
            }
            if alternatives[index].beginsWithRun, case .run(let set, _, _)? = alternatives[index].elements.first {
                let runEnd = run(set, .max, text, place, end, &steps).end
                failedUntil[index] = runEnd
            }
        }
        return place
    }

    /// The end of the elements from `index` on at a place, nil when they do not match.
    private func rest(
        _ elements: [Element], _ index: Int, _ text: [UInt8], _ place: Int, _ end: Int, _ steps: inout Int
    ) -> Int? {
        if index == elements.count { return place }
        switch elements[index] {
        case .run(let set, let minimum, let maximum):
            var (place, count) = run(set, maximum, text, place, end, &steps)
            while count >= minimum {
                if let found = rest(elements, index + 1, text, place, end, &steps) { return found }
                if count == 0 { return nil }
                count -= 1
                steps += 1
                place -= 1
                while text[place] & 0xC0 == 0x80 { place -= 1 }
            }
            return nil
        case .literals(let literals, let isOptional):
            for literal in literals where Self.begins(text, place, end, with: literal) {
                if let found = rest(elements, index + 1, text, place + literal.count, end, &steps) { return found }
            }
            return isOptional ? rest(elements, index + 1, text, place, end, &steps) : nil
        case .notBeforeOther:
            if place < end && categories[Self.scalar(text, place)] != ScalarCategories.space { return nil }
            return rest(elements, index + 1, text, place, end, &steps)
        case .end: return place == end ? rest(elements, index + 1, text, place, end, &steps) : nil
        }
    }

    /// At most `maximum` scalars of a set from a place on.
    @inline(__always)
    private func run(
        _ set: Int, _ maximum: Int, _ text: [UInt8], _ start: Int, _ end: Int, _ steps: inout Int
    ) -> (end: Int, count: Int) {
        var place = start
        var count = 0
        while count < maximum && place < end && sets[set].contains(Self.scalar(text, place), categories) {
            place += Self.length(text[place])
            count += 1
        }
        steps += count
        return (place, count)
    }

    /// Whether a literal in lower case stands at a place in any case.
    private static func begins(_ text: [UInt8], _ place: Int, _ end: Int, with literal: [UInt8]) -> Bool {
        guard end - place >= literal.count else { return false }
        for index in literal.indices {
            let byte = text[place + index]
            if ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) != literal[index] { return false }
        }
        return true
    }

    /// The length of the scalar that a first byte begins.
    @inline(__always)
    private static func length(_ first: UInt8) -> Int {
        first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    }

    /// The scalar at a place.
    @inline(__always)
    private static func scalar(_ text: [UInt8], _ place: Int) -> UInt32 {
        let first = UInt32(text[place])
        if first < 0x80 { return first }
        let second = UInt32(text[place + 1] & 0x3F)
        if first < 0xE0 { return (first & 0x1F) << 6 | second }
        let third = UInt32(text[place + 2] & 0x3F)
        if first < 0xF0 { return (first & 0x0F) << 12 | second << 6 | third }
        return (first & 7) << 18 | second << 12 | third << 6 | UInt32(text[place + 3] & 0x3F)
    }
}
