/// How many held-out questions have their answer in the passages that the model is shown: what tuning can reach at most.
public struct PassageCoverage: Sendable, Equatable {
    /// Of one kind of question: how many there are, and for how many the answer stands in the passages shown.
    public struct Part: Sendable, Equatable {
        /// Answerable questions.
        public var questions: Int
        /// Those whose answer stands in the passages.
        public var covered: Int
    }

    /// By the kind that the list names.
    public var kinds: [String: Part]
    /// Names of the questions whose answer is not shown.
    public var missing: [String]

    /// Over all kinds.
    public var all: Part {
        Part(questions: kinds.values.map(\.questions).reduce(0, +), covered: kinds.values.map(\.covered).reduce(0, +))
    }
}
