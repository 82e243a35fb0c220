import Foundation
import Retrieval
import Storage

/// Small corpora and a generator that says what the test wants.
enum Fixtures {
    static func record(
        _ path: String, _ text: String, title: String = "", date: String? = nil
    ) -> IndexableRecord {
        IndexableRecord(
            document: StoredDocument(record: path, path: path, title: title, date: date), text: text,
            textHash: TextHash.hex(text))
    }

    static func index(_ records: [IndexableRecord]) async throws -> PassageIndex {
        let index = PassageIndex(store: try PalletDatabase.inMemory().passages, name: "test")
        try await index.build(records: records)
        return index
    }

    /// An invented price list and rules: what most tests ask about.
    static let company = [
        record(
            "price.md",
            """
            # 价目表

            | 型号 | 日租金 | 押金 |
            |---|---|---|
            | PT-1210 | 0.35 元 | 60 元 |
            | PT-1212 | 0.50 元 | 80 元 |
            """, title: "价目表", date: "2026-01-01"),
        record(
            "hours.md", "# 服务时间\n\n仓库周一至周六 8:30–17:30 收货和发货，周日不收货。热线 400-000-0001，全年无休。", title: "服务时间",
            date: "2025-06-01"),
        record(
            "rules.md",
            "# 租赁规则\n\n最短租期 30 天。押金在退租验收后 7 个工作日内原路退回，不计利息。托盘遗失的，按价目表赔偿。联系人：王经理。",
            title: "租赁规则", date: "2025-03-01"),
        record("faq.md", "问：个人可以租托盘吗？\n答：不可以，只和企业签约。\n\n问：能开专用发票吗？\n答：可以，税率 13%。", title: "常见问题"),
    ]

    /// The same index with as many foreign documents as a small company has, so that rarity means something.
    static func companyIndex() async throws -> PassageIndex { try await index(company + foreign) }

    static let foreign = (0..<20).map { number in
        record(
            "news/\(number).md", "第\(number)期新闻：仓库里的托盘越来越多，客户满意，天气晴朗。员工参加了第\(number)次培训。", title: "新闻\(number)",
            date: "2024-01-01")
    }
}

/// Says a fixed text in pieces of a given length, and remembers what it was given.
actor ScriptedGenerator: Generator {
    private let text: String
    private let pieceLength: Int
    private(set) var turns: [[ChatTurn]] = []
    /// What the answer was not to begin with, of every answer.
    private(set) var avoided: [String?] = []
    private let refusal: Double?
    private let likelihoods: [String: Double]

    /// - Parameters:
    ///   - refusal: what it says of the probability of the refusal; nil cannot tell of any text.
    ///   - likelihoods: what it says of other texts, in nats.
    init(_ text: String, pieceLength: Int = 3, refusal: Double? = nil, likelihoods: [String: Double] = [:]) {
        self.likelihoods = likelihoods
        self.text = text
        self.refusal = refusal
        self.pieceLength = pieceLength
    }

    func generate(_ turns: [ChatTurn], options: GenerationOptions) async throws
        -> AsyncThrowingStream<String, any Error>
    {
        self.turns.append(turns)
        avoided.append(options.avoidedBeginning)
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(pieceLength)))
            rest = rest.dropFirst(pieceLength)
        }
        let said = pieces
        return AsyncThrowingStream { continuation in
            for piece in said { continuation.yield(piece) }
            continuation.finish()
        }
    }

    func logProbabilities(of texts: [String], after turns: [ChatTurn]) async throws -> [Double]? {
        guard let refusal else { return nil }
        return texts.map { $0.contains("未找到") ? log(refusal) : likelihoods[$0] ?? -40 }
    }
}
