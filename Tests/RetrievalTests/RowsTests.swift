import Foundation
import Retrieval
import Storage
import Testing

@Suite struct RowsTests {
    private static let documents =
        Fixtures.company + [
            Fixtures.record(
                "clean.md",
                """
                # 清洗规定

                清洗费 3 元/片，由退租的一方付。有残留标签的托盘不得入库，因为机器认不出条码。

                ## 需要的材料

                - 清洗申请单；
                - 退租单的复印件。

                带板运输：货物连同托盘一起装车、运输、交货，中间不倒板的运输方式。
                """, title: "清洗规定", date: "2026-02-01"),
            Fixtures.record(
                "people.md",
                """
                # 通讯录

                | 部门 | 姓名 | 职务 | 分机 |
                |---|---|---|---|
                | 仓储部 | 王建国 | 经理 | 8101 |
                | 财务部 | 李秀英 | 会计 | 8102 |
                """, title: "通讯录", date: "2026-01-05"),
        ]

    private static func rows(
        _ count: Int = 60, seed: UInt64 = 1, known: [ListedQuestion] = [], heldOut: [ListedQuestion] = [],
        unanswerable: Double = 0.3
    ) async throws -> TuningRows {
        let index = try await Fixtures.index(documents + Fixtures.foreign.prefix(6))
        var configuration = TuningRowMaker.Configuration()
        configuration.rows = count
        configuration.seed = seed
        configuration.unanswerable = unanswerable
        return try await TuningRowMaker(index: index, configuration: configuration).rows(
            known: known, heldOut: heldOut)
    }

    private static func question(_ row: TuningRow) -> String {
        let user = row.messages.first { $0.role == "user" }?.content ?? ""
        return user.components(separatedBy: "问题：").last ?? ""
    }

    private static func answers(_ made: TuningRows, to part: String) -> [String] {
        made.rows.filter { !($0.kind?.isRefusal ?? true) && question($0).contains(part) }.compactMap {
            $0.messages.last?.content
        }
    }

    @Test func rowsHaveTheAssistantsOwnPrompt() async throws {
        let made = try await Self.rows()
        #expect(made.rows.count >= 30)
        for row in made.rows {
            #expect(row.messages.map(\.role) == ["system", "user", "assistant"])
            let user = try #require(row.messages.dropFirst().first)
            #expect(user.content.hasPrefix("资料：\n【") || user.content.hasPrefix("Passages:\n【"))
        }
    }

    @Test func answersStandInThePassagesShown() async throws {
        let made = try await Self.rows()
        for row in made.rows where !(row.kind?.isRefusal ?? true) {
            let user = row.messages[1].content.filter { !$0.isWhitespace && !"|；。".contains($0) }
            let answer = try #require(row.messages.last?.content)
            guard row.kind != .field, row.kind != .comparison, row.kind != .person else { continue }
            for sentence in answer.split(whereSeparator: { "。；".contains($0) }) {
                #expect(user.contains(sentence.filter { !$0.isWhitespace && $0 != "|" }), "\(sentence)")
            }
        }
    }

    @Test func aFieldHasTheUnitOfItsRow() async throws {
        let made = try await Self.rows(120, unanswerable: 0)
        let prices = Self.answers(made, to: "PT-1212").filter { $0.contains("日租金") && !$0.contains("PT-1210") }
        #expect(!prices.isEmpty)
        #expect(prices.allSatisfy { $0.contains("0.50 元") })
    }

    @Test func sentencesGiveQuestionsOfTheirKind() async throws {
        let made = try await Self.rows(160, unanswerable: 0)
        let kinds = Set(made.rows.compactMap(\.kind))
        for kind in [TuningRowKind.field, .number, .yesNo, .asked, .person, .time, .definition, .list, .reason] {
            #expect(kinds.contains(kind), "\(kind)")
        }
        #expect(!Self.answers(made, to: "入库").isEmpty)
        #expect(made.rows.contains { $0.kind == .person && ($0.messages.last?.content.contains("王建国") ?? false) })
        #expect(made.rows.allSatisfy { !Self.question($0).contains("几几") && !Self.question($0).isEmpty })
    }

    @Test func theShareOfRefusalsIsKeptAndTheyAreRefusals() async throws {
        let made = try await Self.rows(80, unanswerable: 0.3)
        let refused = made.rows.filter { $0.kind?.isRefusal ?? false }
        let share = Double(refused.count) / Double(made.rows.count)
        #expect(share > 0.2 && share < 0.4)
        for row in refused {
            let said = try #require(row.messages.last?.content)
            #expect(said == "资料中未找到。" || said == "Not found in the documents.")
        }
        let none = try await Self.rows(40, unanswerable: 0)
        #expect(none.rows.allSatisfy { !($0.kind?.isRefusal ?? false) })
    }

    @Test func rowsOfAGroupShareTheirBeginningAndStandTogether() async throws {
        let made = try await Self.rows()
        var closed: Set<Int> = []
        var last: Int?
        for row in made.rows {
            let group = try #require(row.group)
            if group != last {
                #expect(!closed.contains(group))
                if let last { closed.insert(last) }
                last = group
            }
        }
        for (_, rows) in Dictionary(grouping: made.rows, by: \.group) {
            let heads = Set(rows.map { $0.messages[1].content.components(separatedBy: "\n\n问题：")[0] })
            let languages = Set(rows.map { $0.messages[0].content })
            #expect(heads.count <= languages.count)
        }
        #expect(made.rows.count > made.groups)
    }

    @Test func theSameSeedGivesTheSameRows() async throws {
        let first = try await Self.rows(seed: 3)
        let second = try await Self.rows(seed: 3)
        let other = try await Self.rows(seed: 4)
        #expect(first.rows == second.rows)
        #expect(first.rows != other.rows)
    }

    @Test func heldOutQuestionsAreNeverAsked() async throws {
        let all = try await Self.rows(120, unanswerable: 0)
        let asked = all.rows.filter { $0.kind == .field || $0.kind == .asked }.map(Self.question)
        #expect(asked.count >= 4)
        let heldOut = asked.enumerated().map { ListedQuestion(id: "\($0.offset)", question: $0.element) }
        let made = try await Self.rows(120, heldOut: heldOut, unanswerable: 0)
        let left = Set(made.rows.map(Self.question))
        #expect(left.isDisjoint(with: asked))
        #expect(made.droppedHeldOut > 0)
    }

    @Test func knownQuestionsAreAnsweredInTheDocumentsWords() async throws {
        let known = [
            ListedQuestion(id: "1", question: "押金多久能退啊", answer: "7 个工作日", keywords: [["7 个工作日"]]),
            ListedQuestion(id: "2", question: "总经理的生日是哪天", answerable: false),
        ]
        let made = try await Self.rows(20, known: known)
        let answered = try #require(made.rows.first { $0.kind == .known })
        #expect(Self.question(answered) == "押金多久能退啊")
        #expect(answered.messages.last?.content == "押金在退租验收后 7 个工作日内原路退回，不计利息。")
        #expect(made.rows.contains { $0.kind == .knownRefused && Self.question($0) == "总经理的生日是哪天" })
    }

    @Test func coverageSaysWhatIsShown() async throws {
        let heldOut = [
            ListedQuestion(id: "a", question: "押金几天退", keywords: [["7 个工作日"]], kind: "number"),
            ListedQuestion(id: "b", question: "押金几天退还", keywords: [["九十九天"]], kind: "number"),
            ListedQuestion(id: "c", question: "谁都不知道的事", answerable: false, kind: "none"),
        ]
        let coverage = try #require(try await Self.rows(8, heldOut: heldOut).coverage)
        #expect(coverage.all.questions == 2 && coverage.all.covered == 1)
        #expect(coverage.kinds["number"] == coverage.all)
        #expect(coverage.missing == ["b"])
    }

    @Test func documentsThatSayNothingAreAnError() async throws {
        let index = try await Fixtures.index([Fixtures.record("a.md", "你好。")])
        await #expect(throws: TuningRowError.nothingToAsk(index: "test")) {
            _ = try await TuningRowMaker(index: index).rows()
        }
    }

    @Test func englishTablesAndRulesGiveEnglishRows() async throws {
        let text = """
            # TX11 data sheet

            | Item | Value |
            |---|---|
            | Rated load | 1000 kg |
            | Weight | 415 kg |

            Machines must not be stored outdoors without a cover.
            """
        let index = try await Fixtures.index([Fixtures.record("tx.md", text, title: "TX11 data sheet")])
        var configuration = TuningRowMaker.Configuration()
        configuration.unanswerable = 0
        let made = try await TuningRowMaker(index: index, configuration: configuration).rows()
        #expect(made.rows.contains { $0.messages[1].content.lowercased().contains("what is the weight") })
        #expect(made.rows.contains { $0.messages[1].content.lowercased().contains("may machines be stored outdoors") })
        #expect(made.rows.allSatisfy { $0.messages[0].content.hasPrefix("You are") })
    }
}

@Suite struct RowsFileTests {
    private static func row(_ text: String, group: Int? = nil) -> TuningRow {
        TuningRow(
            messages: [.init(role: "user", content: text), .init(role: "assistant", content: "好")], group: group)
    }

    private static func file(_ text: String) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString).jsonl")
        try Data(text.utf8).write(to: url)
        return url
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let rows = [Self.row("a\n{}\"", group: 1), Self.row("二", group: 1)]
        let file = try Self.file("")
        defer { try? FileManager.default.removeItem(at: file) }
        try TuningRowFile.write(rows, to: file)
        #expect(try TuningRowFile.read(file) == rows)
    }

    @Test(arguments: [
        "[]", "{\"messages\": []}", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "{\"messages\": 3}",
        "{\"messages\": [{\"role\": \"pirate\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}",
        "{\"messages\": [{\"role\": \"assistant\"}]}", "{\"mess",
    ])
    func aLineThatIsNoDialogueIsNamed(_ line: String) throws {
        let good = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}"
        let file = try Self.file(good + "\n\n" + line + "\n")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(throws: TuningRowError.badRow(path: file.path, line: 3)) { _ = try TuningRowFile.read(file) }
    }

    @Test func generalRowsComeBetweenGroupsInTheirShare() {
        let rows = (0..<30).map { Self.row("q\($0)", group: $0 / 5) }
        let general = (0..<40).map { Self.row("g\($0)") }
        let mixed = TuningRowFile.mixed(rows, with: general, share: 0.25, seed: 1)
        #expect(mixed.count == 40)
        #expect(mixed.filter { $0.group == nil }.count == 10)
        #expect(mixed.filter { $0.group != nil } == rows)
        for (a, b, c) in zip(mixed, zip(mixed.dropFirst(), mixed.dropFirst(2))).map({ ($0, $1.0, $1.1) })
        where b.group == nil && a.group != nil && c.group != nil {
            #expect(a.group != c.group)
        }
        #expect(TuningRowFile.mixed(rows, with: [], share: 0.5, seed: 1) == rows)
        #expect(TuningRowFile.mixed(rows, with: Array(general.prefix(3)), share: 0.5, seed: 1).count == 33)
    }
}
