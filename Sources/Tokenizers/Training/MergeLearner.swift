/// Learns merges from counted words: the most frequent pair of neighbouring symbols becomes a symbol, again and again
/// (Sennrich, Haddow, Birch 2016, "Neural Machine Translation of Rare Words with Subword Units", on bytes).
///
/// All words lie in one row of cells, a cell a byte, with a boundary before and after each. A symbol of n bytes fills n
/// cells; its first and its last cell hold its number, those between hold `inside`. So both neighbours of a symbol are
/// found without lists of links. Words are laid most frequent first, so that the frequency at a place is found by
/// walking along the few places where it changes.
///
/// Each pair has the places where it began when it was made. Places are not taken out when a neighbour merges; whoever
/// reads one looks whether the pair still stands there. Since symbols are numbered as they are made, all places of a
/// pair come from the one step that made its younger symbol, in rising order. The one exception, a merge whose text
/// is a symbol already, looks for its pairs anew in all cells.
struct MergeLearner: Sendable {
    private static let inside: Int32 = -1
    private static let boundary: Int32 = -2

    let minimumFrequency: Int
    /// The text in bytes of each symbol; special tokens have none here.
    private(set) var texts: [[UInt8]]
    /// Merges in the order in which they were made.
    private(set) var merges: [(left: Int32, right: Int32)] = []

    private var cells: [Int32]
    /// Places from which on words have this frequency; ascending, the last one lies behind all cells.
    private var stretches: [(start: Int, frequency: Int)]
    private var index: BytesIndex
    private var pairs = PairTable(capacity: 1 << 16)
    private var occurrences: [Occurrences] = []
    private var heap = FrequentPairHeap()
    private var neighbours = NeighbourCounts()

    private struct Occurrences: Sendable {
        var left: Int32
        var right: Int32
        var count: Int
        var places: [Int32]
    }

    /// Lays out the words.
    /// - Parameters:
    ///   - words: Counted words, at most 2³¹ bytes with two more for each.
    ///   - firstByte: The symbol number of the first of the 256 bytes.
    ///   - byteSymbols: The symbol number of each byte.
    init(_ words: consuming WordCounts, firstByte: Int, byteSymbols: [Int32], minimumFrequency: Int) {
        self.minimumFrequency = minimumFrequency
        texts = [[UInt8]](repeating: [], count: firstByte + 256)
        index = BytesIndex(capacity: 1 << 14)
        for byte in 0..<256 {
            let text = [UInt8(byte)]
            texts[Int(byteSymbols[byte])] = text
            index.insert(text, 0, 1, symbol: UInt32(byteSymbols[byte]))
        }
        let bytes = words.bytes
        let all = words.words
        cells = [Self.boundary]
        cells.reserveCapacity(bytes.count + all.count + 1)
        stretches = []
        for number in words.order() where all[number].length > 1 {
            let word = all[number]
            if stretches.last?.frequency != word.count { stretches.append((cells.count, word.count)) }
            for place in word.start..<word.start + word.length { cells.append(byteSymbols[Int(bytes[place])]) }
            cells.append(Self.boundary)
        }
        stretches.append((cells.count, 0))
        countBytePairs(firstByte)
    }

    /// The pairs of bytes: counted first, so that rare ones never get lists of places.
    private mutating func countBytePairs(_ firstByte: Int) {
        var counts = [Int](repeating: 0, count: 1 << 16)
        var lengths = [Int](repeating: 0, count: 1 << 16)
        let first = Int32(firstByte)
        var stretch = 0
        for place in cells.indices.dropLast() where cells[place] >= 0 && cells[place + 1] >= 0 {
            while stretches[stretch + 1].start <= place { stretch += 1 }
            let key = Int(cells[place] - first) << 8 | Int(cells[place + 1] - first)
            counts[key] += stretches[stretch].frequency
            lengths[key] += 1
        }
        var numbers = [Int32](repeating: -1, count: 1 << 16)
        for key in counts.indices where counts[key] >= minimumFrequency {
            var places: [Int32] = []
            places.reserveCapacity(lengths[key])
            let pair = Occurrences(
                left: first + Int32(key >> 8), right: first + Int32(key & 0xFF), count: counts[key], places: places)
            numbers[key] = insert(pair)
        }
        for place in cells.indices.dropLast() where cells[place] >= 0 && cells[place + 1] >= 0 {
            let number = numbers[Int(cells[place] - first) << 8 | Int(cells[place + 1] - first)]
            if number >= 0 { occurrences[Int(number)].places.append(Int32(truncatingIfNeeded: place)) }
        }
    }

    /// Makes pairs into symbols until there are `count` symbols or no pair is frequent enough.
    /// - Parameters:
    ///   - isWanted: Whether a text may become a token; a pair that may not is left alone.
    ///   - progress: Called after each merge with the number of symbols.
    mutating func learn(until count: Int, isWanted: ([UInt8]) -> Bool, progress: (Int) -> Void) {
        while texts.count < count, let entry = heap.pop() {
            let number = Int(entry.pair)
            let current = occurrences[number].count
            if current < minimumFrequency || occurrences[number].places.isEmpty {
                occurrences[number].places = []
                continue
            }
            if current != entry.count {
                heap.push(FrequentPairHeap.Entry(count: current, key: entry.key, pair: entry.pair))
                continue
            }
            let pair = occurrences[number]
            let text = texts[Int(pair.left)] + texts[Int(pair.right)]
            occurrences[number].places = []
            if !isWanted(text) { continue }
            occurrences[number].count = 0
            merges.append((pair.left, pair.right))
            if let known = index.find(text, 0, text.count) {
                merge(pair, into: Int32(bitPattern: known), isNew: false)
                recount(Int32(bitPattern: known))
            } else {
                let symbol = Int32(truncatingIfNeeded: texts.count)
                texts.append(text)
                index.insert(text, 0, text.count, symbol: UInt32(bitPattern: symbol))
                merge(pair, into: symbol, isNew: true)
                addPairs(of: symbol)
            }
            progress(texts.count)
        }
    }

    @discardableResult
    private mutating func insert(_ pair: Occurrences) -> Int32 {
        let key = UInt64(UInt32(bitPattern: pair.left)) << 32 | UInt64(UInt32(bitPattern: pair.right))
        let left = UInt32(bitPattern: pair.left)
        let right = UInt32(bitPattern: pair.right)
        let known = pairs.value(left, right)
        let number: Int32
        if known == PairTable.absent {
            number = Int32(truncatingIfNeeded: occurrences.count)
            pairs.insertIfAbsent(left, right, UInt64(number))
            occurrences.append(pair)
        } else {
            number = Int32(truncatingIfNeeded: known)
            occurrences[Int(number)] = pair
        }
        heap.push(FrequentPairHeap.Entry(count: pair.count, key: key, pair: number))
        return number
    }
}

extension MergeLearner {
    /// Replaces a pair by a symbol wherever it stands and counts the neighbours.
    ///
    /// Of a symbol that was there before (`isNew` false) its pairs with neighbours are lowered too far at places where
    /// two of them come to stand side by side: they are counted anew afterwards, and those that are no more must not
    /// keep a count.
    private mutating func merge(_ pair: Occurrences, into symbol: Int32, isNew: Bool) {
        let leftLength = texts[Int(pair.left)].count
        let length = leftLength + texts[Int(pair.right)].count
        neighbours.begin(symbolCount: texts.count)
        var stretch = 0
        for listed in pair.places {
            let place = Int(listed)
            guard cells[place] == pair.left, cells[place + leftLength] == pair.right else { continue }
            while stretches[stretch + 1].start <= place { stretch += 1 }
            let frequency = stretches[stretch].frequency
            let before = cells[place - 1]
            let after = cells[place + length]
            cells[place + leftLength - 1] = Self.inside
            cells[place + leftLength] = Self.inside
            cells[place] = symbol
            cells[place + length - 1] = symbol
            if before >= 0 {
                let beforePlace = place - texts[Int(before)].count
                if before == symbol && isNew {
                    neighbours.removeRight(pair.left, frequency)
                } else {
                    lower(neighbours.formerLeft(before, pairs, pair.left), frequency)
                }
                neighbours.addLeft(before, frequency, Int32(truncatingIfNeeded: beforePlace))
            }
            if after >= 0 {
                lower(neighbours.formerRight(after, pairs, pair.right), frequency)
                neighbours.addRight(after, frequency, listed)
            }
        }
    }

    @inline(__always)
    private mutating func lower(_ number: Int32, _ frequency: Int) {
        if number >= 0 { occurrences[Int(number)].count -= frequency }
    }

    /// The pairs that a new symbol makes with its neighbours.
    private mutating func addPairs(of symbol: Int32) {
        for (other, count, places) in neighbours.takeLeft() where count >= minimumFrequency {
            insert(Occurrences(left: other, right: symbol, count: count, places: places))
        }
        for (other, count, places) in neighbours.takeRight() where count >= minimumFrequency {
            insert(Occurrences(left: symbol, right: other, count: count, places: places))
        }
    }

    /// All pairs of a symbol that was there before and now stands at further places, from the cells.
    private mutating func recount(_ symbol: Int32) {
        neighbours.begin(symbolCount: texts.count)
        let length = texts[Int(symbol)].count
        var stretch = 0
        var place = 0
        while place < cells.count {
            let found = cells[place]
            guard found >= 0 else {
                place += 1
                continue
            }
            if found == symbol {
                while stretches[stretch + 1].start <= place { stretch += 1 }
                let frequency = stretches[stretch].frequency
                let before = cells[place - 1]
                let after = cells[place + length]
                if before >= 0 {
                    let beforePlace = place - texts[Int(before)].count
                    neighbours.addLeft(before, frequency, Int32(truncatingIfNeeded: beforePlace))
                }
                // The pair of the symbol with itself is counted from its right side.
                if after >= 0 && after != symbol {
                    neighbours.addRight(after, frequency, Int32(truncatingIfNeeded: place))
                }
            }
            place += texts[Int(found)].count
        }
        addPairs(of: symbol)
    }
}
