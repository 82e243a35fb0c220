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
    /// A line is no question; `expected` says what was wanted where, `actual` what stands there.
    case line(number: Int, expected: Expected, actual: Found)
    case tooFew(kind: String, expected: Int, actual: Int)

    /// What a line should hold.
    public enum Expected: Sendable, Equatable, CustomStringConvertible {
        case utf8
        case object
        case field(String)
        case text(String)
        case flag(String)
        case list(String)

        /// In words.
        public var description: String {
            switch self {
            case .utf8: "UTF-8 text"
            case .object: "a JSON object"
            case .field(let name): "the field \"\(name)\""
            case .text(let name): "a text as \"\(name)\""
            case .flag(let name): "true or false as \"\(name)\""
            case .list(let name): "a list as \"\(name)\""
            }
        }
    }

    /// What a line holds in that place.
    public enum Found: Sendable, Equatable, CustomStringConvertible {
        /// Bytes in another encoding.
        case bytes
        /// Words that are no JSON: their beginning.
        case words(String)
        /// An object of these fields only.
        case fields([String])
        case text
        case list
        case object
        /// A number, true, false or null.
        case value(String)

        /// In words.
        public var description: String {
            switch self {
            case .bytes: "bytes of another encoding"
            case .words(let head): "\"\(head)\""
            case .fields(let names):
                names.isEmpty ? "no fields" : "only " + names.map { "\"\($0)\"" }.joined(separator: ", ")
            case .text: "a text"
            case .list: "a list"
            case .object: "an object"
            case .value(let text): text
            }
        }
    }

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "Cannot read the question list \(path): \(reason)."
        case .line(let number, let expected, let actual):
            "Line \(number) of the question list is not a question: expected \(expected), found \(actual). "
                + "A line looks like {\"id\": \"1\", \"question\": \"…\"}."
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
                let (expected, actual) = mismatch(error, in: line)
                throw .line(number: index + 1, expected: expected, actual: actual)
            }
        }
        return result
    }

    /// What a line should have held and what it holds.
    private static func mismatch(
        _ error: any Error, in line: Data
    ) -> (expected: QuestionListError.Expected, actual: QuestionListError.Found) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(line), options: [.fragmentsAllowed]) else {
            guard let text = String(bytes: line, encoding: .utf8) else { return (.utf8, .bytes) }
            let head = text.trimmingCharacters(in: .whitespacesAndNewlines)
            return (.object, .words(String(head.prefix(60)) + (head.count > 60 ? "…" : "")))
        }
        guard let object = value as? [String: Any] else { return (.object, found(value)) }
        switch error {
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            let name = context.codingPath.first?.stringValue ?? ""
            let actual = object[name].map(found) ?? .value("null")
            if name == "keywords" || name == "documents" { return (.list(name), actual) }
            return (type == Bool.self ? .flag(name) : .text(name), actual)
        case DecodingError.keyNotFound(let key, _):
            return (.field(key.stringValue), .fields(object.keys.sorted().prefix(8).map { String($0.prefix(40)) }))
        default: return (.field("question"), .fields(object.keys.sorted().prefix(8).map { String($0.prefix(40)) }))
        }
    }

    private static func found(_ value: Any) -> QuestionListError.Found {
        switch value {
        case is String: .text
        case is [Any]: .list
        case is [String: Any]: .object
        case is NSNull: .value("null")
        default: .value(String("\(value)".prefix(40)))
        }
    }
}
