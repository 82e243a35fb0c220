import Text

/// Sentences that only are polite; they say nothing that needs a source, and the reader misses nothing without them.
enum Courtesy {
    private static let openings = [
        "您好", "你好", "好的", "当然", "感谢", "谢谢", "很高兴", "希望", "如有", "如果您还有", "如果你还有", "如需", "请随时", "欢迎随时", "祝您", "抱歉",
        "很抱歉", "对不起", "根据资料", "根据提供的资料", "以下是", "hello", "hi", "sure", "thank", "i hope", "if you have",
        "please let me know", "please feel free", "sorry", "i'm sorry", "according to the passages", "of course",
        "you're welcome",
    ]
    private static let contents = [
        "随时联系", "随时咨询", "随时提问", "随时告诉", "为您服务", "帮助到您", "帮到您", "let me know", "happy to help", "feel free",
    ]

    static func isCourtesy(_ sentence: String) -> Bool {
        let text = Normalisation.folded(sentence)
        let body = text.filter { !$0.isWhitespace && !$0.isPunctuation }
        if body.isEmpty { return true }
        // A number or code is content, however politely it is put.
        guard Numbers.mentions(in: sentence).isEmpty, Names.codes(in: sentence).isEmpty else { return false }
        if contents.contains(where: { text.contains($0) }) { return true }
        guard let opening = openings.first(where: { text.hasPrefix($0) }) else { return false }
        return body.count <= opening.count + 6
    }

    /// A sentence without the polite or referring words before its content: 根据资料，…
    static func withoutOpening(_ sentence: String) -> String {
        for opening in ["根据提供的资料", "根据资料显示", "根据资料", "资料显示", "根据以上资料", "According to the passages"] {
            guard sentence.hasPrefix(opening) else { continue }
            let rest = sentence.dropFirst(opening.count).drop { "，,：: ".contains($0) }
            if rest.count >= 2 { return String(rest) }
        }
        return sentence
    }
}
