import ChatTemplates
import Testing

@Suite("JSON as variables")
struct JSONReaderTests {
    @Test func keepsKindsAndOrder() throws {
        let value = try TemplateValue(json: #"{"b": 1, "a": 1.0, "b": [true, null, "\u6258\ud83d\ude00"]}"#.utf8)
        guard case .dict(let entries) = value else {
            Issue.record("not a dictionary")
            return
        }
        #expect(entries.entries.map(\.key) == ["b", "a"])
        guard case .float(1)? = entries["a"], case .list(let items)? = entries["b"], items.count == 3,
            case .string("托😀") = items[2]
        else {
            Issue.record("wrong values")
            return
        }
    }

    @Test(arguments: [
        "", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "[1 2]", "nul", "\"\\ud800\"", "\"\\x\"", "\"a\nb\"",
        "NaN", "Infinity", "{1:2}", "[", "{\"a\"", "1 1", "\"abc", "--1", "1e", "'a'",
    ])
    func refuses(text: String) {
        #expect(throws: TemplateError.self) { try TemplateValue(json: text.utf8) }
    }

    @Test(arguments: [
        ("{\"托盘\" 1}", 1, 7), ("[1,\n 2,\n  x]", 3, 3), ("", 1, 1), ("[\n", 2, 1), ("1 1", 1, 3),
    ])
    func namesLineAndColumn(text: String, line: Int, column: Int) {
        let error = #expect(throws: TemplateError.self) { try TemplateValue(json: text.utf8) }
        #expect(error?.rule == .json && error?.line == line && error?.column == column, "\(String(describing: error))")
        // Of text that need not have to do with a template.
        let words = error.map { "\($0)" } ?? ""
        #expect(words.hasPrefix("line \(line), column \(column): ") && !words.contains("template"), "\(words)")
        let later = #expect(throws: TemplateError.self) { try TemplateValue(json: text.utf8, firstLine: 7) }
        #expect(later?.line == line + 6 && later?.column == column)
    }

    @Test func refusesDeepNestingAndBrokenUTF8() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: TemplateError.self) { try TemplateValue(json: deep.utf8) }
        #expect(throws: TemplateError.self) { try TemplateValue(json: [0x22, 0xFF, 0x22] as [UInt8]) }
    }
}
