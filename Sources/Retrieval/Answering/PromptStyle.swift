/// How passages and question are put to a model. Data, so that styles can be measured against each other on a question
/// list: small models do not do what a rule says, they do what the dialogue before shows.
public struct PromptStyle: Codable, Sendable, Equatable {
    /// One earlier exchange that shows what to do.
    public struct Example: Codable, Sendable, Equatable {
        /// The question.
        public var question: String
        /// The answer that is shown.
        public var answer: String

        /// Makes the value from its parts.
        public init(question: String, answer: String) {
            self.question = question
            self.answer = answer
        }
    }

    /// The texts for one language. In `passages` and `question`, `{passages}` and `{question}` are replaced once.
    public struct Wording: Codable, Sendable, Equatable {
        /// System turn; empty for none. The assistant's own system text is put before it.
        public var system: String
        /// The turn that brings the passages. Empty when they stand in `question`.
        public var passages: String
        /// The turn that asks.
        public var question: String
        /// What the model answers to the turn with the passages, when there is one.
        public var acknowledgement: String
        /// Earlier exchanges that show what to do, in order.
        public var examples: [Example]

        /// Makes the value from its parts.
        public init(
            system: String, passages: String = "", question: String, acknowledgement: String = "",
            examples: [Example] = []
        ) {
            self.system = system
            self.passages = passages
            self.question = question
            self.acknowledgement = acknowledgement
            self.examples = examples
        }
    }

    /// Its name.
    public var name: String
    /// The texts for Chinese questions.
    public var chinese: Wording
    /// The texts for English questions.
    public var english: Wording

    /// Makes the value from its parts.
    public init(name: String, chinese: Wording, english: Wording) {
        self.name = name
        self.chinese = chinese
        self.english = english
    }

    /// The wording for a language.
    public func wording(_ language: AnswerLanguage) -> Wording {
        language == .chinese ? chinese : english
    }

    /// The style of a name, or nil.
    public static func named(_ name: String) -> PromptStyle? {
        all.first { $0.name == name }
    }

    /// All styles that come with Pallet.
    public static let all: [PromptStyle] = [plain, system, rule, examples, separateExamples]

    /// The style that is used where none is named: measured with the default model, see `docs/retrieval.md`. Since
    /// alignment refuses what does not stand there, the style only has to bring short answers.
    public static let standard = system

    /// A: passages and question in one turn.
    public static let plain = PromptStyle(
        name: "plain",
        chinese: Wording(system: "", question: "资料：\n{passages}\n\n请根据资料简短回答。\n问题：{question}"),
        english: Wording(
            system: "", question: "Passages:\n{passages}\n\nAnswer briefly from the passages.\nQuestion: {question}"))

    /// B: the task in the system turn.
    public static let system = PromptStyle(
        name: "system",
        chinese: Wording(
            system: "你是公司的客服助手，只根据给出的资料简短回答问题。", question: "资料：\n{passages}\n\n问题：{question}"),
        english: Wording(
            system: "You are the company's assistant. Answer briefly and only from the passages given.",
            question: "Passages:\n{passages}\n\nQuestion: {question}"))

    /// C: as A with a rule of refusal. Small models refuse everything with it; kept to measure larger ones.
    public static let rule = PromptStyle(
        name: "rule",
        chinese: Wording(
            system: "",
            question: "资料：\n{passages}\n\n请根据资料简短回答。资料中没有提到的，回答“资料中未找到”。\n问题：{question}"),
        english: Wording(
            system: "",
            question: "Passages:\n{passages}\n\nAnswer briefly from the passages. If they do not say it, answer "
                + "\"Not found in the documents\".\nQuestion: {question}"))

    /// D: the rule in the system turn, the passages with their own earlier turns: one answered, one refused.
    ///
    /// The examples bring a passage of their own and stand before the real ones: a fixed beginning that the engine
    /// keeps, and nothing of it can leak into an answer unnoticed because alignment looks at the real passages only.
    public static let examples = PromptStyle(
        name: "examples",
        chinese: Wording(
            system: "你是公司的客服助手，只根据资料简短、完整地回答问题。资料中没有的，回答“资料中未找到”。",
            question: "资料：\n{passages}\n\n问题：{question}",
            examples: [
                Example(
                    question: "资料：\n【图书馆须知】图书馆每周二至周日9:00至21:00开放，周一闭馆。每人最多借5本书，借期30天。\n\n"
                        + "问题：一次可以借几本书？",
                    answer: "每人最多借5本书，借期30天。"),
                Example(
                    question: "资料：\n【图书馆须知】图书馆每周二至周日9:00至21:00开放，周一闭馆。每人最多借5本书，借期30天。\n\n"
                        + "问题：图书馆馆长叫什么名字？",
                    answer: "资料中未找到。"),
            ]),
        english: Wording(
            system: "You are the company's assistant. Answer briefly, in whole sentences, only from the passages. "
                + "What they do not say, answer with: Not found in the documents.",
            question: "Passages:\n{passages}\n\nQuestion: {question}",
            examples: [
                Example(
                    question: "Passages:\n[Library rules] The library is open Tuesday to Sunday from 9:00 to 21:00. "
                        + "Each reader may borrow 5 books for 30 days.\n\nQuestion: How many books can I borrow?",
                    answer: "Each reader may borrow 5 books for 30 days."),
                Example(
                    question: "Passages:\n[Library rules] The library is open Tuesday to Sunday from 9:00 to 21:00. "
                        + "Each reader may borrow 5 books for 30 days.\n\nQuestion: Who is the head of the library?",
                    answer: "Not found in the documents."),
            ]))

    /// D as it was measured: the passages in the first turn, then the examples as further questions.
    public static let separateExamples = PromptStyle(
        name: "separate-examples",
        chinese: Wording(
            system: "你是公司的客服助手，只根据资料简短、完整地回答问题。资料中没有的，回答“资料中未找到”。",
            passages: "资料：\n{passages}\n\n图书馆须知：每人最多借5本书，借期30天。", question: "{question}",
            acknowledgement: "好的，请提问。",
            examples: [
                Example(question: "一次可以借几本书？", answer: "每人最多借5本书，借期30天。"),
                Example(question: "图书馆馆长叫什么名字？", answer: "资料中未找到。"),
            ]),
        english: Wording(
            system: "You are the company's assistant. Answer briefly, in whole sentences, only from the passages. "
                + "What they do not say, answer with: Not found in the documents.",
            passages: "Passages:\n{passages}\n\n[Library rules] Each reader may borrow 5 books for 30 days.",
            question: "{question}", acknowledgement: "All right, please ask.",
            examples: [
                Example(
                    question: "How many books can I borrow?", answer: "Each reader may borrow 5 books for 30 days."),
                Example(question: "Who is the head of the library?", answer: "Not found in the documents."),
            ]))
}
