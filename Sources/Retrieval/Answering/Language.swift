import Text

/// The language that an answer is given in.
public enum AnswerLanguage: String, Codable, Sendable {
    case chinese = "zh"
    case english = "en"

    /// Chinese as soon as there are Han characters: a Chinese question may well be full of product codes.
    public init(of question: String) {
        self = question.unicodeScalars.contains(where: \.isHan) ? .chinese : .english
    }
}
