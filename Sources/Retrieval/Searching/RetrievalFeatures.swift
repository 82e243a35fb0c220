/// What speaks for a passage as the place of an answer. All values are 0…1 except `bm25`; the decision whether
/// anything was found is made from them (see `EvidenceModel`).
public struct RetrievalFeatures: Codable, Sendable, Equatable {
    /// BM25 of the passage over the question's terms, k1 1.2, b 0.75, heading terms counted twice.
    public var bm25: Double
    /// Share of the most BM25 that a passage could have for this question.
    public var bm25Share: Double
    /// Share of the question's content, weighted by rarity, that stands in the passage or above it.
    public var coverage: Double
    /// Share of the question's content, weighted by rarity, that stands nowhere in the index.
    public var unknown: Double
    /// Share of the question's numbers and codes that stand in the passage; 1 when it has none.
    public var exact: Double
    /// How close together the matches lie: share of the question's neighbouring pairs that are neighbours there too.
    public var proximity: Double
    /// The coverage by the passage together with the other passages of its document that were found.
    public var document: Double
    /// The greatest stretch of the question that is missing in one piece, as a share of its content.
    public var gap: Double
    /// Share of the question's product or document codes that stand in the passage; 0 when it has none.
    public var code: Double
    /// How alike the passage's vector is to the question's, -1…1; nil where there are no vectors.
    public var similarity: Double?
    /// The same of its most alike sentence.
    public var sentenceSimilarity: Double?
    /// By how many standard deviations `similarity` lies above the mean of all passages.
    public var standing: Double = 0
    /// The same of `sentenceSimilarity`.
    public var sentenceStanding: Double = 0

    /// Makes the value from its parts.
    public init(
        bm25: Double, bm25Share: Double, coverage: Double, unknown: Double, exact: Double, proximity: Double,
        document: Double = 0, gap: Double = 1, code: Double = 0
    ) {
        self.code = code
        self.document = document
        self.gap = gap
        self.bm25 = bm25
        self.bm25Share = bm25Share
        self.coverage = coverage
        self.unknown = unknown
        self.exact = exact
        self.proximity = proximity
    }
}
