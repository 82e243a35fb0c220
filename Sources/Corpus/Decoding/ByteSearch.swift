/// Plain search for words in UTF-8 bytes. The standard library's search for a string compares characters and prepares
/// tables at every call, which is far too slow for many short words in many short lines.
extension [UInt8] {
    /// The first place at or behind `start` where the bytes of `word` stand.
    func place(of word: String, from start: Int = 0) -> Int? {
        let word = Array(word.utf8)
        guard let first = word.first, start >= 0 else { return nil }
        var place = start
        while place + word.count <= count {
            if self[place] == first, self[place..<place + word.count].elementsEqual(word) { return place }
            place += 1
        }
        return nil
    }

    /// Whether the bytes of `word` stand anywhere.
    func holds(_ word: String) -> Bool { place(of: word) != nil }

    /// The bytes from `start` as text.
    func text(from start: Int) -> Substring {
        Substring(String(decoding: self[Swift.min(start, count)...], as: UTF8.self))
    }
}
