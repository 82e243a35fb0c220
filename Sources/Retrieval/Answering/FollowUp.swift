import Text

/// Makes a question that can be searched out of the last turns of a dialogue.
///
/// Only pronouns and fragments are filled up from the question before; nothing is ever taken away, and what was
/// searched is shown with the answer.
public enum FollowUp {
    private static let pronouns = [
        "它", "这个", "那个", "这种", "那种", "这款", "那款", "该产品", "上述", "前面", "刚才", "其中", "这些", "那些",
    ]
    private static let beginnings = ["那", "那么", "还有", "另外", "呢", "and ", "what about", "how about"]
    private static let english: Set<String> = ["it", "its", "they", "them", "that", "this", "those", "these"]

    /// - Parameters:
    ///   - question: the last question.
    ///   - earlier: the turns before it, oldest first.
    /// - Returns: the question, after the one before when it does not stand alone.
    public static func standalone(_ question: String, earlier: [ChatTurn]) -> String {
        guard let before = earlier.last(where: { $0.role == .user })?.text, before != question,
            dependsOnEarlier(question)
        else { return question }
        return String(scalars: before.unicodeScalars.prefix(300)) + "\n" + question
    }

    static func dependsOnEarlier(_ question: String) -> Bool {
        let text = Normalisation.folded(question)
        if pronouns.contains(where: { text.contains($0) }) || beginnings.contains(where: { text.hasPrefix($0) }) {
            return true
        }
        let words = SearchTerms.terms(in: text).filter { $0.kind == .word }.map(\.text)
        if !text.unicodeScalars.contains(where: \.isHan), words.contains(where: english.contains) { return true }
        // 多少钱？ 周日呢？: two or three characters of content name no subject.
        return Question(question).units.reduce(0) { $0 + $1.weight } < 3
    }
}
