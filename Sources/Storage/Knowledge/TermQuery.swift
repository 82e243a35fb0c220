/// Makes an FTS5 MATCH expression that can mean nothing but "any of these terms".
///
/// Every term stands in double quotes with inner quotes doubled, so that AND, NEAR, `*`, `:`, `-` and `^` are letters
/// like others.
enum TermQuery {
    /// The most terms that one search takes; the rest is ignored. FTS5 slows down with each.
    static let maximumTerms = 64

    /// - Parameters:
    ///   - terms: words that must stand as they are.
    ///   - prefixes: beginnings of words.
    /// - Returns: the expression, or nil when no usable term is left.
    static func anyOf(_ terms: [String], prefixes: [String] = []) -> String? {
        var seen: Set<String> = []
        var parts: [String] = []
        for (term, suffix) in prefixes.map({ ($0, " *") }) + terms.map({ ($0, "") }) {
            let clean = indexable(term)
            guard !clean.isEmpty, seen.insert(clean + suffix).inserted else { continue }
            parts.append(quoted(clean) + suffix)
            if parts.count == maximumTerms { break }
        }
        return parts.isEmpty ? nil : parts.joined(separator: " OR ")
    }

    private static func quoted(_ term: String) -> String {
        "\"" + term.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// A term as it is stored: without what would end it (blanks, control characters).
    static func indexable(_ term: String) -> String {
        String(String.UnicodeScalarView(term.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }))
    }

    /// Terms as one column of the full-text table.
    static func column(_ terms: [String]) -> String {
        terms.map(indexable).filter { !$0.isEmpty }.joined(separator: " ")
    }
}
