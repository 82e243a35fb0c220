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
    /// The passage with the supporting words in it.
    let blocks: [SourceBlock]

    /// - Parameter passages: what was found; the citation's passage is looked up there for the words around.
    init(_ citation: Citation, passages: [PassageHit]) {
        number = citation.number
        title = citation.title.isEmpty ? citation.document : citation.title
        var headings = citation.heading.components(of: " > ")
        if headings.first == citation.title { headings.removeFirst() }
        heading = headings.joined(separator: " › ")
        date = citation.date
        document = citation.document
        let passage = passages.lazy.map(\.passage).first {
            $0.hash == citation.passageHash && $0.document.record == citation.record
        }
        let from = citation.offset - (passage?.start ?? 0)
        guard let passage, case let scalars = Array(passage.text.unicodeScalars), from >= 0, citation.length >= 0,
            from <= scalars.count, citation.length <= scalars.count - from
        else {
            let quote = Array(citation.text.unicodeScalars)
            blocks = SourceBlock.blocks(quote, quoted: 0..<quote.count)
            return
        }
        blocks = SourceBlock.blocks(scalars, quoted: from..<from + citation.length, lead: passage.lead)
    }
}

extension String {
    /// The parts between a separator, which is longer than a character.
    fileprivate func components(of separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
