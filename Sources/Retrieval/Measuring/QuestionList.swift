public import Foundation

/// A question of a list that retrieval and answers are measured on.
public struct ListedQuestion: Codable, Sendable, Equatable {
    /// Its name in the list.
    public var id: String
    /// The question.
    public var question: String
    /// Whether the documents hold an answer.
    public var answerable: Bool
    /// A good answer, if the list has one.
    public var answer: String?
    /// Groups of words: of each group at least one has to stand in the answer.
    public var keywords: [[String]]
    /// Paths of the documents that hold the answer.
    public var documents: [String]
    /// What kind of answer is expected, for reports.
    public var kind: String?

    /// Makes the value from its parts.
    public init(
        id: String, question: String, answerable: Bool = true, answer: String? = nil, keywords: [[String]] = [],
        documents: [String] = [], kind: String? = nil
    ) {
        self.id = id
        self.question = question
        self.answerable = answerable
        self.answer = answer
        self.keywords = keywords
        self.documents = documents
        self.kind = kind
    }

    private enum CodingKeys: String, CodingKey {
        case id, question, answerable, answer, keywords, documents, document, kind
    }

    /// Reads a question; `id` may be a number, `keywords` a flat list, `document` one path.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        question = try container.decode(String.self, forKey: .question)
        if let number = try? container.decode(Int.self, forKey: .id) {
            id = String(number)
        } else {
            id = try container.decodeIfPresent(String.self, forKey: .id) ?? ""
        }
        answerable = try container.decodeIfPresent(Bool.self, forKey: .answerable) ?? true
        answer = try container.decodeIfPresent(String.self, forKey: .answer)
        kind = try container.decodeIfPresent(String.self, forKey: .kind)
        if let groups = try? container.decodeIfPresent([[String]].self, forKey: .keywords) {
            keywords = groups
        } else {
            // A flat list: all of them have to be there.
            keywords = (try container.decodeIfPresent([String].self, forKey: .keywords) ?? []).map { [$0] }
        }
        documents = try container.decodeIfPresent([String].self, forKey: .documents) ?? []
        if let document = try container.decodeIfPresent(String.self, forKey: .document) { documents.append(document) }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(question, forKey: .question)
        try container.encode(answerable, forKey: .answerable)
        try container.encodeIfPresent(answer, forKey: .answer)
        try container.encodeIfPresent(kind, forKey: .kind)
        try container.encode(keywords, forKey: .keywords)
        try container.encode(documents, forKey: .documents)
    }
}

/// What can be wrong with a question list.
public enum QuestionListError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case line(number: Int, reason: String)
    case tooFew(kind: String, expected: Int, actual: Int)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "Cannot read the question list \(path): \(reason)."
        case .line(let number, let reason):
            "Line \(number) of the question list is not a question: \(reason). Expected one JSON object per line with "
                + "\"question\" and \"answerable\"."
        case .tooFew(let kind, let expected, let actual):
            "The question list has \(actual) \(kind) questions; at least \(expected) are needed."
        }
    }
}

/// Reads question lists: one JSON object per line.
public enum QuestionList {
    /// - Throws: `QuestionListError` with the line that is wrong.
    public static func read(_ file: URL) throws(QuestionListError) -> [ListedQuestion] {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw .unreadable(path: file.path, reason: error.localizedDescription)
        }
        return try parse(data)
    }

    /// Parses the bytes of a list; empty lines are skipped, a missing id becomes the line number.
    public static func parse(_ data: Data) throws(QuestionListError) -> [ListedQuestion] {
        var result: [ListedQuestion] = []
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            do {
                var question = try JSONDecoder().decode(ListedQuestion.self, from: Data(line))
                if question.id.isEmpty { question.id = String(index + 1) }
                result.append(question)
            } catch {
                throw .line(number: index + 1, reason: "\(error)")
            }
        }
        return result
    }
}
