/// A piece of a document that is found and shown as one.
public struct Passage: Sendable, Equatable {
    /// Place in the document's clean text, in Unicode scalars. The passages of a document follow each other; where a
    /// sentence had to be cut they overlap. Only white space lies between two passages.
    public var range: Range<Int>
    /// Titles above its beginning, outermost first: document title, then the sections.
    public var headings: [String]
    /// What has to be read before it and does not stand in it: the header row of its table, else empty.
    public var lead: String
    /// The text at that place.
    public var text: String

    /// Makes the value from its parts.
    public init(range: Range<Int>, headings: [String], lead: String, text: String) {
        self.range = range
        self.headings = headings
        self.lead = lead
        self.text = text
    }
}
