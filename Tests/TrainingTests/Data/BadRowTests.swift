import Foundation
import Testing
import Training

/// Rows that cannot be trained on: never dropped in silence, each with its line and reason.
struct BadRowTests {
    private static let good = #"{"query":"q","response":"a"}"#

    private static func problem(_ line: String, _ template: String? = TestModel.chatML) throws -> RowProblem? {
        do {
            _ = try TestModel.read(line, with: try TestModel.reader(template: template) { $0.context = 60 })
            return nil
        } catch TrainingDataError.badRow(_, _, let problem) {
            return problem
        }
    }

    @Test("reasons")
    func reasons() throws {
        func turns(_ roles: String...) -> String {
            let messages = roles.map { #"{"role":"\#($0)","content":"x"}"# }.joined(separator: ",")
            return #"{"messages":[\#(messages)]}"#
        }
        for line in [
            turns("user", "user", "assistant"), turns("assistant", "user"), turns("user"), turns("user", "narrator"),
            turns("user", "system", "assistant"), turns("user", "assistant", "assistant"), turns("tool", "assistant"),
        ] {
            guard case .roles? = try Self.problem(line) else {
                Issue.record("\(line): no complaint about roles")
                continue
            }
        }
        #expect(try Self.problem("[1]") == .notAnObject)
        #expect(try Self.problem(#"{"a":1}"#) == .unknownForm(keys: ["a"]))
        #expect(try Self.problem(#"{"query":"","response":"a"}"#) == .missing(key: "query"))
        #expect(try Self.problem(#"{"query":"q","response":""}"#) == .missing(key: "response"))
        #expect(try Self.problem(#"{"text":7}"#) == .wrongType(key: "text", expected: "a string"))
        #expect(try Self.problem(Self.good, nil) == .noChatTemplate)
        #expect(
            try Self.problem(#"{"input_ids":[1,2],"labels":[1]}"#)
                == .unequalLengths(key: "labels", expected: 2, actual: 1))
        #expect(
            try Self.problem(#"{"input_ids":[1,259]}"#) == .idOutsideVocabulary(key: "input_ids", id: 259, count: 259))
        #expect(try Self.problem(#"{"input_ids":[-1]}"#) == .idOutsideVocabulary(key: "input_ids", id: -1, count: 259))
        #expect(
            try Self.problem(#"{"input_ids":[1,2],"labels":[-5,2]}"#)
                == .idOutsideVocabulary(key: "labels", id: -5, count: 259))
        #expect(
            try Self.problem(#"{"input_ids":[1,2,3],"labels":[1,2,3],"position_ids":[0,1,3]}"#)
                == .badPosition(index: 2, expected: 2, actual: 3))
        #expect(try Self.problem(#"{"input_ids":[]}"#) == .empty(key: "input_ids"))
        #expect(
            try Self.problem(#"{"text":"\#(String(repeating: "x", count: 60))"}"#) == .tooLong(tokens: 61, context: 60))
        for text in [
            "{", #"{"text":"x"} y"#, "\u{FEFF}x", #"{"text":"\ud800"}"#, String(repeating: "[", count: 100_000),
        ] {
            guard case .notJSON? = try Self.problem(text) else {
                Issue.record("\(text.prefix(20)): no complaint about JSON")
                continue
            }
        }
        #expect(
            try Self.problem(#"{"text":"托盘" x}"#) == .notJSON("column 14 of the row: no ',' or '}' after a value"))
    }

    @Test("a template that changes, loses or does not end an answer is refused")
    func templates() throws {
        let head = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}"
        let changed = try Self.problem(
            Self.good.replacing(#""a""#, with: #""abc""#), head + "{{ m.content|upper }}<|im_end|>{% endfor %}")
        guard case .answerNotRendered? = changed else {
            Issue.record("\(String(describing: changed))")
            return
        }
        let lost = try Self.problem(
            Self.good, "{% for m in messages if m.role == 'user' %}{{ m.content }}<|im_end|>{% endfor %}")
        guard case .answerNotRendered? = lost else {
            Issue.record("\(String(describing: lost))")
            return
        }
        #expect(try Self.problem(Self.good, head + "{{ m.content }}\n{% endfor %}") == .noStopToken(message: 1))
        #expect(try Self.problem(Self.good, "{{ raise_exception('no') }}") == .template("no"))
    }

    @Test("counted and shown, first ten with lines; too many stop")
    func counted() throws {
        let bad = (1...14).map { _ in "{" }
        let text = ([Self.good] + bad + [Self.good, ""]).joined(separator: "\n")
        let read = try TestModel.read(text, with: try TestModel.reader(.skip(limit: 1)))
        #expect(read.report.rows == 2)
        #expect(read.report.bad == 14)
        #expect(read.report.firstBad.map(\.line) == Array(2...11))
        #expect(throws: TrainingDataError.self) {
            try TestModel.read(text, with: try TestModel.reader(.skip(limit: 0.5)))
        }
        do {
            _ = try TestModel.read(text, with: try TestModel.reader())
            Issue.record("a bad row passed")
        } catch TrainingDataError.badRow(let file, let line, _) {
            #expect(file == "rows.jsonl")
            #expect(line == 2)
        }
        #expect(throws: TrainingDataError.noRows(files: ["rows.jsonl"])) {
            try TestModel.read("{", with: try TestModel.reader(.skip(limit: 1)))
        }
    }

    @Test("mixed forms stop with the line, whatever is done with bad rows")
    func mixed() throws {
        let text = Self.good + "\n\n" + #"{"text":"x"}"#
        #expect(
            throws: TrainingDataError.mixedForms(file: "rows.jsonl", line: 3, expected: .queryResponse, actual: .text)
        ) { try TestModel.read(text, with: try TestModel.reader(.skip(limit: 1))) }
        #expect(throws: TrainingDataError.wrongKind(expected: .pairs, actual: .rows, form: .queryResponse)) {
            try TestModel.read(Self.good, with: try TestModel.reader(kind: .pairs))
        }
    }

    @Test("longer than the context: refused, cut or split")
    func long() throws {
        let line = #"{"text":"abcdefghij"}"#
        let cut = try TestModel.read(line, with: try TestModel.reader { ($0.context, $0.longRows) = (4, .cut) })
        #expect(try TestModel.marked(cut.examples) == ["a⟦bcd⟧"])
        #expect(cut.report.cut == 1)
        let split = try TestModel.read(line, with: try TestModel.reader { ($0.context, $0.longRows) = (4, .split) })
        #expect(try TestModel.marked(split.examples) == ["a⟦bcd⟧", "d⟦efg⟧", "g⟦hij⟧", "j⟦<|endoftext|>⟧"])
        #expect(split.report.trainedTokens == 10)
        #expect(throws: TrainingDataError.badRow(file: "rows.jsonl", line: 1, problem: .nothingSupervised)) {
            try TestModel.read(Self.good, with: try TestModel.reader { ($0.context, $0.longRows) = (8, .cut) })
        }
    }
}
