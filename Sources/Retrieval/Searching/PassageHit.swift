public import Storage

/// A passage that was found.
public struct PassageHit: Codable, Sendable, Equatable {
    /// The passage.
    public var passage: StoredPassage
    /// The order of the hits; greater is better. Comparable within one search.
    public var score: Double
    /// What speaks for it.
    public var features: RetrievalFeatures
    /// What of the passage's text was asked for, in Unicode scalars of that text, without overlaps, in order.
    public var highlights: [Range<Int>]
    /// Another hit says something else about the same, and is newer (path of that document).
    public var supersededBy: String?
    /// How alike sentences and rows are to the question, by the place where they begin in the passage's text; empty
    /// where the index has no vectors.
    public var sentenceSimilarities: [Int: Double] = [:]

    /// Makes the value from its parts.
    public init(
        passage: StoredPassage, score: Double, features: RetrievalFeatures, highlights: [Range<Int>] = [],
        supersededBy: String? = nil
    ) {
        self.passage = passage
        self.score = score
        self.features = features
        self.highlights = highlights
        self.supersededBy = supersededBy
    }
}
