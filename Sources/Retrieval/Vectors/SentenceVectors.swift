/// The vectors of a passage's sentences and rows, each with the place where it begins in the passage's text.
struct SentenceVectors: Sendable, Equatable {
    private(set) var items: [(start: Int, vector: QuantisedVector)] = []

    init() {}

    mutating func append(start: Int, vector: QuantisedVector) { items.append((start, vector)) }

    static func == (left: SentenceVectors, right: SentenceVectors) -> Bool {
        left.items.elementsEqual(right.items) { $0.start == $1.start && $0.vector == $1.vector }
    }

    /// Number of values (u16), then for each sentence its place (u32) and its vector; little endian.
    var bytes: [UInt8] {
        guard let first = items.first else { return [] }
        let count = UInt16(clamping: first.vector.values.count)
        var result = [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        for item in items {
            let start = UInt32(clamping: item.start)
            result += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: start >> $0) }
            result += item.vector.bytes
        }
        return result
    }

    /// Reads what `bytes` wrote; whatever does not fit is left out.
    init(bytes: [UInt8]) {
        guard bytes.count > 2 else { return }
        let count = Int(bytes[0]) | Int(bytes[1]) << 8
        let size = 8 + count
        var place = 2
        while place + size <= bytes.count {
            let start = bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            if let vector = QuantisedVector(bytes: bytes[place + 4..<place + size]) {
                append(start: start, vector: vector)
            }
            place += size
        }
    }

    /// How alike each sentence is to a question, by its place.
    func similarities(to question: QuantisedVector) -> [Int: Double] {
        Dictionary(items.map { ($0.start, $0.vector.dot(question)) }, uniquingKeysWith: max)
    }
}
