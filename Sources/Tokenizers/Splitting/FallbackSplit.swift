extension TextSplitter {
    /// The ends of all words of `text[start..<end]` under the fallback rule: four patterns one after the other, each
    /// cutting the pieces of the former (what lies between matches is a piece too).
    ///
    /// Cost: linear; only files without the name of their rule come here.
    func fallbackWordEnds(_ text: [UInt8], _ start: Int, _ end: Int) -> [Int] {
        var ends: [Int] = []
        var place = start
        while place < end {
            let first = fallbackPunctuation(text, place)
            var pieceEnd = place
            while pieceEnd < end && fallbackPunctuation(text, pieceEnd) == first {
                pieceEnd += scalar(text, pieceEnd).length
            }
            while place < pieceEnd {
                let cut = wordEnd(text, place, pieceEnd)
                cutNumbers(text, place, cut, into: &ends)
                place = cut
            }
        }
        return ends
    }

    /// `[\p{P}\$\+<=>\^~\|]` at a place.
    private func fallbackPunctuation(_ text: [UInt8], _ place: Int) -> Bool {
        switch text[place] {
        case UInt8(ascii: "$"), UInt8(ascii: "+"), UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: ">"),
            UInt8(ascii: "^"), UInt8(ascii: "~"), UInt8(ascii: "|"):
            true
        default: scalar(text, place).kind & ScalarClasses.punctuation != 0
        }
    }

    /// `\p{N}+`, then `[0-9][0-9][0-9]` in what that leaves.
    private func cutNumbers(_ text: [UInt8], _ start: Int, _ end: Int, into ends: inout [Int]) {
        var place = start
        while place < end {
            let number = scalar(text, place).kind & ScalarClasses.number != 0
            var pieceEnd = place
            while pieceEnd < end {
                let (kind, length) = scalar(text, pieceEnd)
                if (kind & ScalarClasses.number != 0) != number { break }
                pieceEnd += length
            }
            var index = place
            while number && index < pieceEnd {
                if index + 3 <= pieceEnd && (0..<3).allSatisfy({ (0x30...0x39).contains(text[index + $0]) }) {
                    if index > place { ends.append(index) }
                    index += 3
                    place = index
                    if index < pieceEnd { ends.append(index) }
                } else {
                    index += scalar(text, index).length
                }
            }
            ends.append(pieceEnd)
            place = pieceEnd
        }
    }
}
