/// Cuts UTF-8 text into words by a split rule.
///
/// For the commonest rules each in one pass without a regular expression engine; the others by `SplitProgram`.
/// The functions follow the patterns' alternatives in order. What makes this possible without backtracking: each
/// alternative is decided by the class of the first one or two scalars, and the only parts that give characters back
/// are the runs of white space, whose end is found once.
struct TextSplitter: Sendable {
    let rule: SplitRule
    private let classes = ScalarClasses.shared
    /// The compiled patterns of a rule without a hand-written splitter.
    private let program: SplitProgram?

    init(_ rule: SplitRule) {
        self.rule = rule
        if case .published(let split) = rule { program = SplitProgram(split.patterns) } else { program = nil }
    }

    /// Whether words come one by one from `wordEnd`; for other rules `wordEnds` gives them all.
    var cutsWordByWord: Bool {
        switch rule {
        case .gpt2, .llama3: true
        case .fallback, .published: false
        }
    }

    /// The ends of all words of `text[start..<end]`.
    func wordEnds(_ text: [UInt8], _ start: Int, _ end: Int) -> [Int] {
        switch rule {
        case .fallback: return fallbackWordEnds(text, start, end)
        case .published:
            var steps = 0
            return program?.wordEnds(text, start, end, steps: &steps) ?? []
        case .gpt2, .llama3:
            var ends: [Int] = []
            var place = start
            while place < end {
                place = wordEnd(text, place, end)
                ends.append(place)
            }
            return ends
        }
    }

    /// The end of the word that begins at `start`; `end` counts as the end of the text. `start < end`, both at
    /// boundaries of well-formed UTF-8. Only where `cutsWordByWord`.
    @inline(__always)
    func wordEnd(_ text: [UInt8], _ start: Int, _ end: Int) -> Int {
        switch rule {
        case .llama3(let digits): llama3WordEnd(text, start, end, digits: digits)
        case .gpt2(let digitsAlone): gpt2WordEnd(text, start, end, digitsAlone: digitsAlone)
        case .fallback, .published: gpt2WordEnd(text, start, end, digitsAlone: false)
        }
    }

    /// Class bits and length in bytes of the scalar at a place.
    @inline(__always)
    func scalar(_ text: [UInt8], _ place: Int) -> (kind: UInt8, length: Int) {
        let first = UInt32(text[place])
        if first < 0x80 { return (classes[first], 1) }
        let second = UInt32(text[place + 1] & 0x3F)
        if first < 0xE0 { return (classes[(first & 0x1F) << 6 | second], 2) }
        let third = UInt32(text[place + 2] & 0x3F)
        if first < 0xF0 { return (classes[(first & 0x0F) << 12 | second << 6 | third], 3) }
        return (classes[(first & 7) << 18 | second << 12 | third << 6 | UInt32(text[place + 3] & 0x3F)], 4)
    }

    /// The end of the run of scalars from `place` on that have one of the bits.
    @inline(__always)
    func runEnd(_ text: [UInt8], _ place: Int, _ end: Int, of bits: UInt8) -> Int {
        var index = place
        while index < end {
            let (kind, length) = scalar(text, index)
            if kind & bits == 0 { break }
            index += length
        }
        return index
    }

    /// The end of the run of scalars that are neither white space nor letters nor numbers.
    @inline(__always)
    private func otherEnd(_ text: [UInt8], _ place: Int, _ end: Int) -> Int {
        let excluded = ScalarClasses.space | ScalarClasses.letter | ScalarClasses.number
        var index = place
        while index < end {
            let (kind, length) = scalar(text, index)
            if kind & excluded != 0 { break }
            index += length
        }
        return index
    }

    /// Length of `'s 't 'm 'd 're 've 'll` at an apostrophe, 0 when none is there.
    private func contraction(_ text: [UInt8], _ place: Int, _ end: Int, anyCase: Bool) -> Int {
        if place + 1 >= end { return 0 }
        let fold: UInt8 = anyCase ? 0x20 : 0
        let first = text[place + 1] | fold
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
        default: break
        }
        if place + 2 >= end { return 0 }
        switch (first, text[place + 2] | fold) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return 3
        default: return 0
        }
    }

    private func gpt2WordEnd(_ text: [UInt8], _ start: Int, _ end: Int, digitsAlone: Bool) -> Int {
        if text[start] == UInt8(ascii: "'") {
            let length = contraction(text, start, end, anyCase: false)
            if length > 0 { return start + length }
        }
        var (kind, length) = scalar(text, start)
        var place = start
        // ` ?` before letters, numbers and other characters.
        if text[start] == 0x20 && start + 1 < end {
            let following = scalar(text, start + 1)
            if following.kind & ScalarClasses.space == 0 && !(digitsAlone && following.kind == ScalarClasses.number) {
                (kind, length) = following
                place = start + 1
            }
        }
        if kind & ScalarClasses.letter != 0 { return runEnd(text, place + length, end, of: ScalarClasses.letter) }
        if kind & ScalarClasses.number != 0 {
            return digitsAlone ? place + length : runEnd(text, place + length, end, of: ScalarClasses.number)
        }
        if kind & ScalarClasses.space == 0 { return otherEnd(text, place + length, end) }
        let run = runEnd(text, start + length, end, of: ScalarClasses.space)
        if run == end || (digitsAlone && scalar(text, run).kind & ScalarClasses.number != 0) { return run }
        return withoutLast(text, start, run)
    }

    private func llama3WordEnd(_ text: [UInt8], _ start: Int, _ end: Int, digits: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'") {
            let length = contraction(text, start, end, anyCase: true)
            if length > 0 { return start + length }
        }
        let (kind, length) = scalar(text, start)
        if kind & ScalarClasses.letter != 0 { return runEnd(text, start + length, end, of: ScalarClasses.letter) }
        if kind & ScalarClasses.number != 0 {
            var index = start + length
            var taken = 1
            while taken < digits && index < end {
                let following = scalar(text, index)
                if following.kind & ScalarClasses.number == 0 { break }
                index += following.length
                taken += 1
            }
            return index
        }
        if start + length < end && first != 0x0D && first != 0x0A {
            let following = scalar(text, start + length)
            if following.kind & ScalarClasses.letter != 0 {
                return runEnd(text, start + length + following.length, end, of: ScalarClasses.letter)
            }
            let excluded = ScalarClasses.space | ScalarClasses.letter | ScalarClasses.number
            if first == 0x20 && following.kind & excluded == 0 {
                return lineBreaksEnd(text, otherEnd(text, start + 1, end), end)
            }
        }
        if kind & ScalarClasses.space == 0 { return lineBreaksEnd(text, otherEnd(text, start + length, end), end) }
        return spacesEnd(text, start, end)
    }

    private func lineBreaksEnd(_ text: [UInt8], _ place: Int, _ end: Int) -> Int {
        var index = place
        while index < end && (text[index] == 0x0A || text[index] == 0x0D) { index += 1 }
        return index
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+` at white space.
    private func spacesEnd(_ text: [UInt8], _ start: Int, _ end: Int) -> Int {
        var index = start
        var afterBreak = start
        while index < end {
            let (kind, length) = scalar(text, index)
            if kind & ScalarClasses.space == 0 { break }
            if text[index] == 0x0A || text[index] == 0x0D { afterBreak = index + 1 }
            index += length
        }
        if afterBreak > start { return afterBreak }
        return index == end ? end : withoutLast(text, start, index)
    }

    /// A run of white space without its last scalar, unless it has only one.
    private func withoutLast(_ text: [UInt8], _ start: Int, _ end: Int) -> Int {
        var last = end - 1
        while last > start && text[last] & 0xC0 == 0x80 { last -= 1 }
        return last > start ? last : end
    }
}
