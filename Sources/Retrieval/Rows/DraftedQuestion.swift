import Storage

/// A question made from a passage, with the answer that stands in it.
struct DraftedQuestion {
    /// As written language puts it, with its question mark.
    var question: String
    var answer: String
    var kind: TuningRowKind
    /// The passage in which the answer stands.
    var passage: Int64
    /// The corpus record of that passage.
    var record: String
    /// People asked it just so: it is not put into other words.
    var isVerbatim = false
}

/// What a sentence is made questions of: itself and what it stands under.
struct DraftSource {
    /// The sentence without its list mark.
    var text: String
    /// Short title above it, without numbers of chapters; may be empty.
    var topic: String
    var title: String
}
