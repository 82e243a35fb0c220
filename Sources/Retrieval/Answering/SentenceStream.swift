import Text

/// Cuts a text that arrives in pieces into sentences as soon as each is complete.
struct SentenceStream {
    private var waiting = ""

    /// Takes a piece and returns the sentences that are complete now.
    mutating func take(_ piece: String) -> [String] {
        waiting += piece
        let scalars = Array(waiting.unicodeScalars)
        let segments = Sentences.segments(of: scalars)
        // The last segment may still grow; one before it is complete because another began after it.
        guard segments.count > 1, let last = segments.last else { return [] }
        waiting = String(scalars: scalars[last])
        return segments.dropLast().map { String(scalars: scalars[$0].trimmed) }.filter { !$0.isEmpty }
    }

    /// What is left at the end.
    mutating func finish() -> [String] {
        defer { waiting = "" }
        let scalars = Array(waiting.unicodeScalars)
        return Sentences.ranges(in: scalars).map { String(scalars: scalars[$0]) }
    }
}
