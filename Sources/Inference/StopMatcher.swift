/// Cuts a stream of text at the first stop string and holds back what may be the beginning of one.
struct StopMatcher: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// True once a stop string was seen; nothing is emitted afterwards.
    private(set) var stopped = false

    /// Empty strings are ignored.
    init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Takes whole characters and returns what may be shown now.
    mutating func feed(_ text: String) -> String {
        if stopped { return "" }
        if stops.isEmpty { return text }
        held += Array(text.utf8)
        if let end = firstStop() {
            stopped = true
            let shown = held[..<end]
            held = []
            return String(decoding: shown, as: UTF8.self)
        }
        let keep = longestHeldPrefix()
        let shown = held.prefix(held.count - keep)
        held = Array(held.suffix(keep))
        return String(decoding: shown, as: UTF8.self)
    }

    /// What was held back, when the text ends without a stop string.
    mutating func flush() -> String {
        defer { held = [] }
        return stopped ? "" : String(decoding: held, as: UTF8.self)
    }

    private func firstStop() -> Int? {
        held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
    }

    /// How many bytes at the end are a proper beginning of some stop string. UTF-8 is self-synchronising, so a match
    /// begins at a character and no character is cut.
    private func longestHeldPrefix() -> Int {
        let longest = stops.map { $0.count - 1 }.max() ?? 0
        for length in stride(from: min(longest, held.count), to: 0, by: -1) {
            let tail = held.suffix(length)
            if stops.contains(where: { $0.count > length && $0.starts(with: tail) }) { return length }
        }
        return 0
    }
}
