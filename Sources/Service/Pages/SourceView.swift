import Retrieval
import Storage

/// A source as it is shown: what document, where in it, of what day, and the words themselves with the supporting
/// ones apart. The script gets it as JSON, the page without script as markup; both show the same.
struct SourceView: Encodable, Sendable {
    let number: Int
    let title: String
    /// Headings above the passage, without the title.
    let heading: String
    let date: String?
    let document: String
    /// The passage: what stands before the supporting words, these, and what comes after.
    let before: String
    let quote: String
    let after: String

    /// - Parameter passages: what was found; the citation's passage is looked up there for the words around.
    init(_ citation: Citation, passages: [PassageHit]) {
        number = citation.number
        title = citation.title.isEmpty ? citation.document : citation.title
        var headings = citation.heading.components(of: " > ")
        if headings.first == citation.title { headings.removeFirst() }
        heading = headings.joined(separator: " › ")
        date = citation.date
        document = citation.document
        quote = citation.text
        let passage = passages.lazy.map(\.passage).first {
            $0.hash == citation.passageHash && $0.document.record == citation.record
        }
        let from = citation.offset - (passage?.start ?? 0)
        guard let scalars = passage.map({ Array($0.text.unicodeScalars) }), from >= 0, citation.length >= 0,
            from <= scalars.count, citation.length <= scalars.count - from
        else {
            before = ""
            after = ""
            return
        }
        before = Self.readable(scalars[..<from], startsLine: true)
        after = Self.readable(scalars[(from + citation.length)...], startsLine: false)
    }

    /// Words around the quotation without the marks of Markdown headings and with one line break for several. The
    /// quotation itself stays as it is.
    private static func readable(_ scalars: ArraySlice<Unicode.Scalar>, startsLine: Bool) -> String {
        var result = String.UnicodeScalarView()
        var startsLine = startsLine
        for scalar in scalars {
            if scalar == "\n" {
                if !startsLine { result.append(scalar) }
                startsLine = true
            } else if !(startsLine && (scalar == "#" || scalar == " ")) {
                result.append(scalar)
                startsLine = false
            }
        }
        return String(result)
    }
}

extension String {
    /// The parts between a separator, which is longer than a character.
    fileprivate func components(of separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
